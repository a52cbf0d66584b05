// Reads {reader, texts, words} as JSON from stdin and prints what search.js makes of the
// texts and what lunr.js makes of the words: {normalized, stems, own, stops}.
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import lunr from "lunr";

const { reader, texts = [], words = [] } = JSON.parse(await text(process.stdin));
const { normalize, stem } = await import(pathToFileURL(reader));
const normalized = texts.map(normalize);
const stems = words.map((word) => lunr.stemmer(new lunr.Token(word)).toString());
const own = words.map(stem);
const stops = words.filter((word) => !lunr.stopWordFilter(new lunr.Token(word)));
console.log(JSON.stringify({ normalized, stems, own, stops }));
