// Asks search.js and prints what it answers. Reads {reader, site, questions} as JSON from stdin; a
// question is {query, options}, {suggest: query} or {passage: id, terms}, with `offline` if nothing
// can be fetched meanwhile, and with `published` if from now on that folder is what is served.
// Prints [{answer or error, fetched: [path…]}].
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const { reader, site, questions } = JSON.parse(await text(process.stdin));
const { openIndex } = await import(pathToFileURL(reader));
let offline = false;
let served = site;
let fetched = [];
const index = await openIndex(site, async (path) => {
  if (offline) throw new TypeError("fetch failed");
  const inside = path.slice(site.length);
  fetched.push(inside.slice(1));
  try {
    return new Response(await readFile(served + inside));
  } catch {
    return new Response("", { status: 404 });
  }
});
const answers = [];
for (const question of questions) {
  offline = question.offline ?? false;
  served = question.published ?? served;
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
