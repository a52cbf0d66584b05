// A second judge: lunr's ranking from its definition, over postings in typed arrays, for indexes
// that one lunr.js cannot hold. Of lunr.js it takes the language (QueryParser, TokenSet, the
// pipeline's functions) and nothing of its scoring; of our own reader it takes nothing.
import lunr from "lunr";

const K1 = 1.2;
const B = 0.75;

/** The documents ({id, field: normalised text}), ready to be asked; `boosts` by field, in order. */
export async function openScorer(documents, boosts) {
  const gathered = await gather(documents, Object.keys(boosts));
  return new Scorer(gathered, boosts);
}

/** The numbers of all postings, field by field, in the order of the documents. */
async function gather(documents, names) {
  const ids = [];
  const numbers = new Map();
  const termsOf = termReader(numbers);
  const fields = names.map((name) => ({ name, lengths: [], postings: new Numbers() }));
  for await (const document of documents) {
    for (const { name, lengths, postings } of fields) {
      const terms = termsOf(document[name]);
      for (const [term, frequency] of counted(terms)) postings.push(term, ids.length, frequency);
      lengths.push(terms.length);
    }
    ids.push(document.id);
  }
  return { ids, numbers, fields };
}

/** Gives the numbers of a text's terms; a new term gets the next number. */
function termReader(numbers) {
  const pipeline = new lunr.Pipeline();
  pipeline.add(lunr.trimmer, lunr.stopWordFilter, lunr.stemmer);
  const known = new Map();
  const read = (word) => pipeline.runString(word).map((term) => numberOf(term, numbers));
  return (text) =>
    text.split(" ").flatMap((word) => {
      if (!known.has(word)) known.set(word, word ? read(word) : []);
      return known.get(word);
    });
}

function numberOf(term, numbers) {
  if (!numbers.has(term)) numbers.set(term, numbers.size);
  return numbers.get(term);
}

function counted(terms) {
  const counts = new Map();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** Numbers in a typed array that grows. */
class Numbers {
  length = 0;
  #held = new Uint32Array(1 << 16);

  push(...numbers) {
    if (this.length + numbers.length > this.#held.length) {
      const grown = new Uint32Array(this.#held.length * 2);
      grown.set(this.#held);
      this.#held = grown;
    }
    this.#held.set(numbers, this.length);
    this.length += numbers.length;
  }

  get all() {
    return this.#held.subarray(0, this.length);
  }
}

/** Postings (term, document, frequency, …) in the order of their terms, and where each begins. */
function byTerm(postings, terms) {
  const starts = new Uint32Array(terms + 1);
  for (let at = 0; at < postings.length; at += 3) starts[postings[at] + 1]++;
  for (let term = 0; term < terms; term++) starts[term + 1] += starts[term];
  const next = starts.slice();
  const documents = new Uint32Array(postings.length / 3);
  const frequencies = new Uint32Array(postings.length / 3);
  for (let at = 0; at < postings.length; at += 3) {
    const place = next[postings[at]]++;
    documents[place] = postings[at + 1];
    frequencies[place] = postings[at + 2];
  }
  return { starts, documents, frequencies };
}

class Scorer {
  #ids;
  #numbers;
  #fields;
  #tokens;

  constructor({ ids, numbers, fields }, boosts) {
    this.#ids = ids;
    this.#numbers = numbers;
    this.#tokens = lunr.TokenSet.fromArray([...numbers.keys()].sort());
    this.#fields = new Map(
      fields.map(({ name, lengths, postings }) => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        const average = total / ids.length;
        const found = byTerm(postings.all, numbers.size);
        return [name, { ...found, lengths, average, boost: boosts[name] }];
      }),
    );
  }

  /** Scores by id for a normalised query, as lunr would give them. */
  search(text) {
    const names = [...this.#fields.keys()];
    const query = new lunr.Query(names);
    new lunr.QueryParser(text, query).parse();
    const asked = new Map(names.map((name) => [name, new Map()]));
    const size = this.#ids.length;
    const verdict = { required: new Uint8Array(size).fill(1), prohibited: new Uint8Array(size) };
    for (const clause of query.clauses) this.#apply(clause, asked, verdict);
    const scores = new Float64Array(size);
    const found = new Uint8Array(size).fill(query.isNegated() ? 1 : 0);
    for (const [name, terms] of asked) this.#add(this.#fields.get(name), terms, scores, found);
    const answer = new Map();
    for (let number = 0; number < size; number++) {
      if (!found[number] || !verdict.required[number] || verdict.prohibited[number]) continue;
      answer.set(this.#ids[number], scores[number]);
    }
    return answer;
  }

  /** Take a clause into the query's vectors, or into what is required and prohibited. */
  #apply(clause, asked, { required, prohibited }) {
    const { REQUIRED, PROHIBITED } = lunr.Query.presence;
    const marked = clause.presence === PROHIBITED ? prohibited : new Uint8Array(required.length);
    for (const term of this.#expand(clause)) {
      for (const name of clause.fields) {
        for (const number of this.#holders(name, term)) marked[number] = 1;
        const vector = asked.get(name);
        if (clause.presence !== PROHIBITED) {
          vector.set(term, (vector.get(term) ?? 0) + clause.boost);
        }
      }
    }
    if (clause.presence !== REQUIRED) return;
    for (let number = 0; number < required.length; number++) required[number] &= marked[number];
  }

  /** The numbers of the terms that a clause means. */
  #expand(clause) {
    if (clause.usePipeline) clause.term = lunr.stemmer(new lunr.Token(clause.term, {})).toString();
    const wanted = lunr.TokenSet.fromClause(clause);
    return this.#tokens.intersect(wanted).toArray().map((term) => this.#numbers.get(term));
  }

  #holders(name, term) {
    const { starts, documents } = this.#fields.get(name);
    return documents.subarray(starts[term], starts[term + 1]);
  }

  /** lunr counts a document once for every field that holds the term. */
  #inverseFrequency(term) {
    let holding = 0;
    for (const { starts } of this.#fields.values()) holding += starts[term + 1] - starts[term];
    return Math.log(1 + Math.abs((this.#ids.length - holding + 0.5) / (holding + 0.5)));
  }

  /** Add what a field's vector of asked terms gives to the scores of the documents that hold any. */
  #add({ starts, documents, frequencies, lengths, average, boost }, terms, scores, found) {
    const norm = Math.sqrt([...terms.values()].reduce((sum, value) => sum + value * value, 0));
    for (const [term, value] of terms) {
      const idf = this.#inverseFrequency(term);
      for (let at = starts[term]; at < starts[term + 1]; at++) {
        const number = documents[at];
        const discount = K1 * (1 - B + (B * lengths[number]) / average);
        const weight = (idf * (K1 + 1) * frequencies[at]) / (discount + frequencies[at]);
        const rounded = Math.round(weight * boost * 1000) / 1000;
        scores[number] += norm ? (value * rounded) / norm : 0;
        found[number] = 1;
      }
    }
  }
}
