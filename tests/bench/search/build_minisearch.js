// Builds a MiniSearch index with its defaults: node build_minisearch.js DOCUMENTS FOLDER BOOSTS
import { mkdir, writeFile } from "node:fs/promises";
import MiniSearch from "minisearch";
import { readLines } from "./disk.js";

const [documents, folder, boosts] = process.argv.slice(2);
const index = new MiniSearch({ fields: Object.keys(JSON.parse(boosts)) });
for await (const document of readLines(documents)) index.add(document);
await mkdir(folder, { recursive: true });
await writeFile(`${folder}/minisearch.json`, JSON.stringify(index));
