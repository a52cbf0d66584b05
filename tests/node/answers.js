// Asks search.js and prints what it answers. Reads {reader, site, questions: [{query, options,
// offline}]} as JSON from stdin; prints [{answer or error, fetched: [path…]}]. An offline question
// is one during which nothing can be fetched.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const { reader, site, questions } = JSON.parse(await text(process.stdin));
const { openIndex } = await import(pathToFileURL(reader));
let offline = false;
let fetched = [];
const index = await openIndex(site, async (path) => {
  if (offline) throw new TypeError("fetch failed");
  fetched.push(path.slice(site.length + 1));
  return { ok: true, json: async () => JSON.parse(await readFile(path, "utf8")) };
});
const answers = [];
for (const question of questions) {
  offline = question.offline ?? false;
  fetched = [];
  try {
    answers.push({ answer: await index.search(question.query, question.options), fetched });
  } catch (error) {
    answers.push({ error: String(error), fetched });
  }
}
console.log(JSON.stringify(answers));
