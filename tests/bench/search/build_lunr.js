// Builds one whole lunr.js index as its guide has it: node build_lunr.js DOCUMENTS FOLDER BOOSTS
import { mkdir, writeFile } from "node:fs/promises";
import lunr from "lunr";
import { readLines } from "./disk.js";

const [documents, folder, boosts] = process.argv.slice(2);
const builder = new lunr.Builder();
builder.pipeline.add(lunr.trimmer, lunr.stopWordFilter, lunr.stemmer);
builder.searchPipeline.add(lunr.stemmer);
for (const [name, boost] of Object.entries(JSON.parse(boosts))) builder.field(name, { boost });
builder.ref("id");
for await (const document of readLines(documents)) builder.add(document);
await mkdir(folder, { recursive: true });
await writeFile(`${folder}/lunr.json`, JSON.stringify(builder.build()));
