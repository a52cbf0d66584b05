// Asks search.js and prints what it answers. Reads {reader, site, questions} as JSON from stdin; a
// question is {query, options}, {suggest: query} or {passage: id, terms}, and `offline` if nothing
// can be fetched meanwhile. Prints [{answer or error, fetched: [path…]}].
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
  try {
    return new Response(await readFile(path));
  } catch {
    return new Response("", { status: 404 });
  }
});
const answers = [];
for (const question of questions) {
  offline = question.offline ?? false;
  fetched = [];
  try {
    answers.push({ answer: await ask(question), fetched });
  } catch (error) {
    answers.push({ error: String(error), fetched });
  }
}
console.log(JSON.stringify(answers));

function ask({ query, options, suggest, passage, terms }) {
  if (passage) return index.passage(passage, terms);
  return suggest === undefined ? index.search(query, options) : index.suggest(suggest);
}
