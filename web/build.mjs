// Bundles the query editor into one file of the package, and its licence texts beside it.
import { build } from "esbuild";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, "..", "src", "twingraph", "site", "static");

const { metafile } = await build({
  entryPoints: [path.join(here, "src", "main.js")],
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  outfile: path.join(target, "editor.js"),
});

const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (match) packages.add(match[1]);
}
const texts = [];
for (const name of [...packages].sort()) {
  const folder = path.join(here, "node_modules", name);
  const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? (await readFile(path.join(folder, file), "utf8")).trim() : `Licence: ${license}`;
  texts.push(`${name} ${version}\n\n${text}`);
}
await writeFile(path.join(target, "editor.licences.txt"), texts.join(`\n\n${"-".repeat(72)}\n\n`) + "\n");
