// Bars: the first column that names and the first that counts.
import { svg } from "./result.js";

const MOST = 60; // bars that can be read
const NUMBER = /^http:\/\/www\.w3\.org\/2001\/XMLSchema#(integer|decimal|double|float|long|int|nonNegativeInteger)$/;

export function chartColumns({ columns, rows }) {
  if (rows.length === 0 || rows.length > MOST) return null;
  const numeric = columns.findIndex((_, index) => rows.every((row) => row[index] && NUMBER.test(row[index].datatype ?? "") && Number(row[index].value) >= 0));
  if (numeric < 0) return null;
  const label = columns.findIndex((_, index) => index !== numeric && rows.every((row) => row[index]));
  return label < 0 ? null : { label, numeric };
}

export function barChart({ columns, rows }, { label, numeric }, words) {
  const [height, left, width] = [24, 220, 640];
  const most = Math.max(...rows.map((row) => Number(row[numeric].value))) || 1;
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${rows.length * height + 4}`, role: "img", "aria-label": `${words.chart}: ${columns[numeric]} / ${columns[label]}` });
  rows.forEach((row, index) => {
    const y = index * height + 4;
    const value = Number(row[numeric].value);
    const name = row[label].value.replace(/^.*[/#]/, "");
    const size = ((width - left - 80) * value) / most;
    picture.append(
      svg("text", { x: left - 8, y: y + 15, "text-anchor": "end" }, name.length > 32 ? `${name.slice(0, 31)}…` : name),
      svg("rect", { x: left, y, width: Math.max(size, 1), height: height - 6 }, svg("title", {}, `${name}: ${row[numeric].value}`)),
      svg("text", { x: left + size + 6, y: y + 15 }, Number(value).toLocaleString(document.documentElement.lang)),
    );
  });
  return picture;
}
