// In front of site.js in a static copy: names are looked up in files, for there is none to ask.
"use strict";
document.documentElement.dataset.copy = "";

// As `spelled` and `file_of` of site/name_index.py.
const spelled = (text) => text.normalize("NFKD").replace(/[\p{M}'`’ʻʼ]/gu, "").toLowerCase()
  .replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const fileOf = (prefix) => `search/by-${prefix.replace(/[^a-z0-9]/gu, (letter) =>
  letter === " " ? "-" : `~${letter.codePointAt(0).toString(16)}`)}.json`;

// How many letters differ, neighbours that changed places being one (optimal string alignment).
const distance = (one, other) => {
  const rows = [[...one, 0].map((_, place) => place)];
  for (let y = 1; y <= other.length; y++) {
    rows[y] = [y];
    for (let x = 1; x <= one.length; x++) {
      const same = one[x - 1] === other[y - 1];
      const turned = x > 1 && y > 1 && one[x - 1] === other[y - 2] && one[x - 2] === other[y - 1];
      rows[y][x] = Math.min(rows[y - 1][x] + 1, rows[y][x - 1] + 1, rows[y - 1][x - 1] + !same,
        turned ? rows[y - 2][x - 2] + 1 : Infinity);
    }
  }
  return rows[other.length][one.length];
};

let index;
const lookUp = async (typed, signal) => {
  const asked = spelled(typed);
  const prefixes = (await (index ??= json("search/index.json")))
    .filter((each) => asked.startsWith(each)).reverse(); // the longest first
  const pick = (rows) => {
    const found = new Map();
    for (const [, label, path, kind] of rows)
      if (!found.has(path)) found.set(path, { label, kind, path: `${lang}/${path}` });
    return [...found.values()].slice(0, MOST);
  };
  const rows = prefixes.length ? await json(fileOf(prefixes[0]), signal) : [];
  const found = pick(rows.filter(([form]) => form.startsWith(asked)));
  if (found.length || asked.length < 4) return found;
  const most = asked.length < 6 ? 1 : 2; // else what is spelled nearly so
  for (const prefix of prefixes) {
    const near = (await json(fileOf(prefix), signal))
      .map((row) => [distance(asked, row[0].slice(0, asked.length + 1)), row])
      .filter(([letters]) => letters <= most).sort(([one], [other]) => one - other);
    if (near.length) return pick(near.map(([, row]) => row));
  }
  return [];
};

