// Points on a plain grid of longitude and latitude: no tiles, no other host.
import { svg } from "./result.js";

const POINT = /^\s*(?:<[^>]*>\s*)?POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)\s*$/i;

export function mapColumns({ columns, rows }) {
  const wkt = columns.findIndex((_, index) => rows.some((row) => row[index] && POINT.test(row[index].value)));
  if (wkt >= 0) return { wkt };
  const find = (pattern) => columns.findIndex((name, index) => pattern.test(name) && rows.some((row) => row[index] && isFinite(Number(row[index].value))));
  const [latitude, longitude] = [find(/^lat/i), find(/^(lon|lng)/i)];
  return latitude >= 0 && longitude >= 0 ? { latitude, longitude } : null;
}

export function pointMap({ columns, rows }, where, words) {
  const points = rows.map((row) => position(row, where)).filter(Boolean);
  const picture = svg("svg", { class: "chart", viewBox: "-180 -90 360 180", role: "img", "aria-label": `${words.map}: ${points.length}` });
  picture.append(svg("rect", { x: -180, y: -90, width: 360, height: 180, class: "sea" }));
  for (let degree = -150; degree < 180; degree += 30) picture.append(svg("line", { x1: degree, x2: degree, y1: -90, y2: 90, class: "grid" }));
  for (let degree = -60; degree < 90; degree += 30) picture.append(svg("line", { y1: degree, y2: degree, x1: -180, x2: 180, class: "grid" }));
  for (const { longitude, latitude, name } of points) {
    picture.append(svg("circle", { cx: longitude, cy: -latitude, r: 1.6 }, svg("title", {}, name)));
  }
  return picture;
}

function position(row, { wkt, latitude, longitude }) {
  const match = wkt === undefined ? null : POINT.exec(row[wkt]?.value ?? "");
  const [x, y] = match ? [Number(match[1]), Number(match[2])] : [Number(row[longitude]?.value), Number(row[latitude]?.value)];
  if (!isFinite(x) || !isFinite(y) || Math.abs(x) > 180 || Math.abs(y) > 90) return null;
  const literal = row.find((term) => term && term.type === "literal" && !POINT.test(term.value) && !isFinite(Number(term.value)));
  return { longitude: x, latitude: y, name: literal?.value ?? `${y}, ${x}` };
}
