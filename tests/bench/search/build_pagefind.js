// Builds Pagefind's index of custom records: node build_pagefind.js DOCUMENTS FOLDER BOOSTS
// A record's title is the metadata that Pagefind searches and weighs highest; boosts it has none.
import * as pagefind from "pagefind";
import { readLines } from "./disk.js";

const AT_ONCE = 500;
const [documents, folder, boosts] = process.argv.slice(2);
const fields = Object.keys(JSON.parse(boosts)).filter((name) => name !== "title");
const { index } = await pagefind.createIndex();
let adding = [];
for await (const document of readLines(documents)) {
  adding.push(add(document));
  if (adding.length < AT_ONCE) continue;
  await Promise.all(adding);
  adding = [];
}
await Promise.all(adding);
await index.writeFiles({ outputPath: `${folder}/pagefind` });
await pagefind.close();

async function add(document) {
  const { errors } = await index.addCustomRecord({
    url: `/papers/${document.id}/`,
    content: fields.map((name) => document[name]).join("\n"),
    language: "en",
    meta: { title: document.title },
  });
  if (errors.length) throw new Error(errors.join("; "));
}
