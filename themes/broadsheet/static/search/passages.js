// Which words of a text were found, and the passage that holds most of them.
import { normalize, stem } from "./words.js";

const LENGTH = 260; // characters of a passage, about three lines
const WORD = /[\p{L}\p{N}\p{M}]+(?:['’.][\p{L}\p{N}]+|\+\+|#)*/gu;

/** A text in pieces, [{text, match}], `match` true where its words are among the stems given. */
export function highlight(text, terms) {
  const wanted = new Set(terms);
  const pieces = [];
  let end = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!normalize(word).split(" ").some((part) => wanted.has(stem(part)))) continue;
    if (index > end) pieces.push({ text: text.slice(end, index), match: false });
    pieces.push({ text: word, match: true });
    end = index + word.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), match: false });
  return pieces;
}

/**
 * The passage of a text, about three lines, that holds most of the stems given, each counted once;
 * of two the one with more of their words, then the earlier one. It begins with a sentence where
 * one begins just before; "…" stands where it is cut off.
 */
export function bestPassage(text, terms) {
  const plain = text.replace(/\s+/g, " ").trim();
  if (plain.length <= LENGTH) return plain;
  const found = matches(plain, new Set(terms));
  if (!found.length) return "";
  const best = densest(found);
  const start = startOf(plain, found[best.first].start, found[best.last].end);
  const end = endOf(plain, start);
  return `${start ? "… " : ""}${plain.slice(start, end)}${end < plain.length ? " …" : ""}`;
}

/** The words of a text whose stems are wanted: [{start, end, stems}]. */
function matches(text, wanted) {
  const found = [];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const stems = normalize(word).split(" ").map(stem).filter((one) => wanted.has(one));
    if (stems.length) found.push({ start: index, end: index + word.length, stems });
  }
  return found;
}

/** The run of matches within a passage's length that holds most different stems, then most words. */
function densest(found) {
  let best = { first: 0, last: 0, value: 0 };
  let last = 0;
  for (let first = 0; first < found.length; first++) {
    while (last + 1 < found.length && found[last + 1].end - found[first].start <= LENGTH) last++;
    const stems = new Set(found.slice(first, last + 1).flatMap((one) => one.stems));
    const value = stems.size * found.length + (last - first + 1);
    if (value > best.value) best = { first, last, value };
  }
  return best;
}

/** Where a passage begins so that it holds the words from .. to: with a sentence, else a word. */
function startOf(text, from, to) {
  const earliest = Math.max(0, to - LENGTH);
  if (!earliest) return 0;
  const sentences = [...text.slice(earliest, from).matchAll(/[.!?]["'”’)]*\s+(?=\S)/g)];
  if (sentences.length) return earliest + sentences[0].index + sentences[0][0].length;
  const lead = Math.max(earliest, from - 60);
  const space = text.indexOf(" ", lead);
  return space >= 0 && space < from ? space + 1 : from;
}

function endOf(text, start) {
  if (start + LENGTH >= text.length) return text.length;
  const space = text.lastIndexOf(" ", start + LENGTH);
  return space > start ? space : start + LENGTH;
}
