// Asks one engine. Reads {engine, queries: [text], and what the engine needs} as JSON; prints the
// ids of the first ten papers for each.
import { answer, question } from "./disk.js";
import * as engines from "./engines.js";

const { engine, queries, ...needs } = await question();
const search = await engines[engine](needs);
const answers = [];
for (const text of queries) answers.push(await search(text));
answer(answers);
