// Compares our reader's answers with lunr's. Reads {reader, site, documents, boosts, queries: [{kind,
// text}], whole} as JSON; `whole`: one whole lunr.js index judges, and our own scorer is judged
// beside the reader; without it the scorer judges. Prints {judge, faults: {ours: […], scorer: […]},
// found: papers found by all queries together}.
import { pathToFileURL } from "node:url";
import lunr from "lunr";
import { SITE, answer, diskFetch, question, readLines } from "./disk.js";
import { openScorer } from "./scorer.js";

const { reader, site, documents, boosts, queries, whole } = await question();
const { normalize, openIndex } = await import(pathToFileURL(reader));
const index = await openIndex(SITE, diskFetch(site));
const scorer = await openScorer(readLines(documents), boosts);
const judge = whole ? await wholeIndex() : (query) => scorer.search(query);

const faults = { ours: [], scorer: [] };
let found = 0;
for (const { kind, text } of queries) {
  const asked = normalize(text);
  const wanted = judge(asked);
  found += wanted.size;
  const note = (who) => (fact) => faults[who].push({ kind, text, wanted: wanted.size, fact });
  const { total, results } = await index.search(text);
  compare(wanted, new Map(results.map(({ id, score }) => [id, score])), note("ours"));
  if (total !== wanted.size) note("ours")(`says it found ${total}`);
  if (whole) compare(wanted, ranked(scorer.search(asked)), note("scorer"));
}
answer({ judge: whole ? `lunr.js ${lunr.version}` : "scorer", faults, found });

async function wholeIndex() {
  const builder = new lunr.Builder();
  builder.pipeline.add(lunr.trimmer, lunr.stopWordFilter, lunr.stemmer);
  builder.searchPipeline.add(lunr.stemmer);
  for (const [name, boost] of Object.entries(boosts)) builder.field(name, { boost });
  builder.ref("id");
  for await (const document of readLines(documents)) builder.add(document);
  const built = builder.build();
  return (query) => new Map(built.search(query).map(({ ref, score }) => [ref, score]));
}

function ranked(scores) {
  return new Map([...scores].sort(([, one], [, other]) => other - one));
}

/** Tell the first way in which an answer (scores by id, best first) is not the wanted one. */
function compare(wanted, seen, tell) {
  if (seen.size !== wanted.size) return tell(`${seen.size} found`);
  let last = Infinity;
  for (const [id, score] of seen) {
    if (!wanted.has(id)) return tell(`${id} is none of them`);
    const due = wanted.get(id);
    if (!(Math.abs(score - due) <= 1e-6 * Math.max(Math.abs(due), 1e-3))) {
      return tell(`${id}: ${score}, not ${due}`);
    }
    if (score > last + 1e-9) return tell(`${id} stands below a lower score`);
    last = score;
  }
}
