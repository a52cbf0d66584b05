// Judges search.js by lunr.js 2.3.9. Reads {reader, site, documents, queries, typed} as JSON from
// stdin (the path of search.js, the folder of a built site, the documents as indexed, queries in
// lunr's language and texts that people type) and prints {version, asked, faults}, one fault a line
// of text for every answer that is not lunr's.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import lunr from "lunr";

const { reader, site, documents, queries, typed = [] } = JSON.parse(await text(process.stdin));
const { openIndex, normalize } = await import(pathToFileURL(reader));
const manifest = JSON.parse(await readFile(`${site}/search/manifest.json`, "utf8"));
const index = await openIndex(site, async (path) => new Response(await readFile(path)));
const whole = lunr(function () {
  for (const { name, boost } of manifest.fields) this.field(name, { boost });
  for (const document of documents) this.add(document);
});

const faults = [];
for (const query of queries) await compare(query, query);
for (const query of typed) await compare(query, normalize(query));
console.log(JSON.stringify({ version: lunr.version, asked: queries.length + typed.length, faults }));

async function compare(query, asked) {
  const wanted = new Map(whole.search(asked).map(({ ref, score }) => [ref, score]));
  const { total, results } = await index.search(query);
  const wrong = (fact) => faults.push(`'${query}' (${wanted.size} papers): ${fact}`);
  if (total !== wanted.size || results.length !== total) wrong(`${total} found`);
  let last = Infinity;
  for (const { id, score } of results) {
    if (!(Math.abs(wanted.get(id) - score) <= 1e-6)) wrong(`${id}: ${score}, not ${wanted.get(id)}`);
    if (score > last + 1e-9) wrong(`${id} stands below a lower score`);
    last = score;
  }
}
