// The shards of the index: fetched once, inflated, taken apart. generator/publish/shards.py and
// generator/publish/search.py describe the bytes.
import { FIELDS } from "./words.js";

const KEPT = 64e6; // bytes of shards in memory; the one asked for longest ago goes first

/** Shards by name, each fetched once while it is wanted. */
export class Shards {
  #fetchBytes;
  #entries = new Map();
  #size = 0;

  /** `fetchBytes(path, signal)` promises the compressed bytes of a file below search/. */
  constructor(fetchBytes) {
    this.#fetchBytes = fetchBytes;
  }

  /**
   * What `decode` makes of a shard's bytes. Whoever gives a signal can stop waiting; when nobody
   * waits any more, the fetch itself is stopped. A failure is not kept.
   */
  get(path, decode, signal) {
    signal?.throwIfAborted();
    const entry = this.#entries.get(path) ?? this.#begin(path, decode);
    this.#entries.delete(path); // to stand last, as the one asked for most recently
    this.#entries.set(path, entry);
    return entry.wait(signal);
  }

  #begin(path, decode) {
    const entry = new Entry(
      async (stop) => {
        const bytes = await inflate(await this.#fetchBytes(path, stop));
        this.#grow(bytes.length);
        entry.size = bytes.length;
        return decode(bytes);
      },
      () => this.#entries.get(path) === entry && this.#entries.delete(path),
    );
    return entry;
  }

  #grow(size) {
    this.#size += size;
    for (const [path, entry] of this.#entries) {
      if (this.#size <= KEPT) return;
      if (!entry.size) continue; // still on its way
      this.#size -= entry.size;
      this.#entries.delete(path);
    }
  }
}

/** A shard that is there or on its way. */
class Entry {
  size = 0; // bytes once it is there
  #promise;
  #drop;
  #controller = new AbortController();
  #waiting = 0; // who would still take it; infinite when there is nothing left to stop

  constructor(load, drop) {
    this.#drop = drop;
    this.#promise = load(this.#controller.signal);
    this.#promise.then(() => (this.#waiting = Infinity), drop);
  }

  wait(signal) {
    this.#waiting += signal ? 1 : Infinity;
    if (!signal) return this.#promise;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--this.#waiting > 0) return;
        this.#drop();
        this.#controller.abort(signal.reason);
      };
      const stay = () => signal.removeEventListener("abort", leave);
      signal.addEventListener("abort", leave, { once: true });
      this.#promise.then(resolve, reject).finally(stay);
    });
  }
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Reads the columns and words of a shard, one after another. */
class Columns {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** The next so many numbers. */
  numbers(count) {
    const used = this.#bytes[this.#at++];
    if (used === 0) return new Uint8Array(count);
    const numbers = used === 1 ? this.#plane(count) : new Uint32Array(count);
    for (let place = 0; used > 1 && place < used; place++) {
      const plane = this.#plane(count);
      const shift = 8 * place;
      for (let i = 0; i < count; i++) numbers[i] |= plane[i] << shift;
    }
    return numbers;
  }

  #plane(count) {
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** The next so many letters. */
  letters(count) {
    return new TextDecoder().decode(this.#plane(count));
  }

  /** The next words. */
  words() {
    const [a, b, c, d] = this.#plane(4);
    const count = a + 256 * (b + 256 * (c + 256 * d));
    const shared = this.numbers(count);
    const rests = this.parts(this.numbers(count));
    let word = "";
    return rests.map((rest, i) => (word = word.slice(0, shared[i]) + rest));
  }

  /** The next letters, in parts of these lengths. */
  parts(lengths) {
    const letters = this.letters(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    return Array.from(lengths, (length) => letters.slice(at, (at += length)));
  }
}

/** A shard of terms with their postings. */
export class TermShard {
  #lists = [];
  #gaps;
  #frequencies;
  #lengths;

  constructor(bytes) {
    const columns = new Columns(bytes);
    this.terms = columns.words();
    const masks = columns.numbers(this.terms.length);
    const places = this.terms.map(() => []);
    let lists = 0;
    FIELDS.forEach((_, field) => {
      masks.forEach((mask, i) => mask & (1 << field) && places[i].push([field, lists++]));
    });
    let start = 0;
    const counts = columns.numbers(lists);
    const ranges = Array.from(counts, (count) => [start, (start += count)]);
    this.#lists = places.map((of) => of.map(([field, list]) => [field, ...ranges[list]]));
    this.#gaps = columns.numbers(start);
    this.#frequencies = columns.numbers(start);
    this.#lengths = columns.numbers(start);
  }

  /**
   * Where a term stands: [{field, documents, extra, lengths}], one for each field that holds it,
   * `extra` being the frequencies less one; undefined if the shard does not hold the term.
   */
  postings(term) {
    const place = placeOf(this.terms, term);
    if (this.terms[place] !== term) return undefined;
    return this.#lists[place].map(([field, start, end]) => ({
      field,
      documents: this.#documents(start, end),
      extra: this.#frequencies.subarray(start, end),
      lengths: this.#lengths.subarray(start, end),
    }));
  }

  #documents(start, end) {
    const documents = new Uint32Array(end - start);
    let number = 0;
    for (let i = start; i < end; i++) documents[i - start] = number += this.#gaps[i];
    return documents;
  }
}

/** The words of a shard of the vocabulary: [{term, spread, word}]. */
export function vocabulary(bytes) {
  const columns = new Columns(bytes);
  const terms = columns.words();
  const spread = columns.numbers(terms.length);
  const cut = columns.numbers(terms.length);
  const added = columns.parts(columns.numbers(terms.length));
  return terms.map((term, i) => {
    const word = term.slice(0, term.length - cut[i]) + added[i];
    return { term, spread: spread[i], word };
  });
}

/** The terms of a shard of endings, read forwards again. */
export function endings(bytes) {
  return new Columns(bytes).words().map(reversed);
}

/** An ASCII word backwards. */
export function reversed(word) {
  return [...word].reverse().join("");
}

/** What a shard of JSON says. */
export function json(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** A shard's bytes as ASCII. */
export function ascii(bytes) {
  return new TextDecoder().decode(bytes);
}

/** The place of the last of sorted words that is not behind this one; -1 if all are. */
export function placeOf(words, word) {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle] <= word) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Shards that stand in the order of the words in them, by the manifest's names for them. */
export class Range {
  #folder;
  #names;
  #starts;

  constructor(folder, names) {
    this.#folder = folder;
    this.#names = names;
    this.#starts = names.map((name) => name.slice(0, name.lastIndexOf("-")));
  }

  /** The paths of the shards in which words with this beginning may stand. */
  beginning(start) {
    const first = Math.max(0, placeOf(this.#starts, start));
    return this.#paths(first, placeOf(this.#starts, `${start}\uffff`) + 1);
  }

  /** The path of the shard in which a word stands if it stands in any; undefined if there is none. */
  holding(word) {
    const place = placeOf(this.#starts, word);
    return place < 0 ? undefined : this.#paths(place, place + 1)[0];
  }

  #paths(first, end) {
    return this.#names.slice(first, end).map((name) => `${this.#folder}/${name}.bin`);
  }
}
