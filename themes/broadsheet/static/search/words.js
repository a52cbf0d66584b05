// What a word is to the search: `normalize` and `stem`, for documents and queries alike.
// generator/text/words.py is both in Python; tests/ hold the two to each other and `stem` to
// lunr.js 2.3.9.

/** The indexed fields, in the order of the index. */
export const FIELDS = ["title", "authors", "organization", "keywords", "topics", "venue", "abstract"];

const EDGE = "\x01"; // stands where a word may have to be parted; never leaves `normalize`

const GREEK = pairs(
  "αβγδεζηθικλμ",
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu",
  "νξοπρσςτυφχψω",
  "nu xi omicron pi rho sigma sigma tau upsilon phi chi psi omega",
);
const LATIN = pairs("ßẞæœøđðþłıħŋŧȷɛəɔɑ", "ss ss ae oe o d d th l i h n t j e e o a");
const CONSONANTS = "bcdfghjkmnpqrtvw"; // hexadecimal digits of which no word is made
const APOSTROPHES = new Set("‘’‛ʹʻʼʽ′");

// What becomes of the characters from .. to: the first range that holds one decides.
const RANGES = [
  // Nothing: soft hyphen, vowel points, joiners, marks of direction, variation selectors.
  ["", 0xad, 0xad],
  ["", 0x591, 0x5bd],
  ["", 0x610, 0x61a],
  ["", 0x64b, 0x65f],
  ["", 0x200b, 0x200f],
  ["", 0x202a, 0x202e],
  ["", 0x2060, 0x206f],
  ["", 0xfe00, 0xfe0f],
  ["", 0xfeff, 0xfeff],
  // Punctuation and symbols: a space.
  [" ", 0x80, 0xbf],
  [" ", 0xd7, 0xd7],
  [" ", 0xf7, 0xf7],
  [" ", 0x2c2, 0x2df],
  [" ", 0x37e, 0x37e],
  [" ", 0x55a, 0x55f],
  [" ", 0x589, 0x58a],
  [" ", 0x5be, 0x5be],
  [" ", 0x5f3, 0x5f4],
  [" ", 0x60c, 0x60d],
  [" ", 0x61b, 0x61f],
  [" ", 0x66a, 0x66d],
  [" ", 0x6d4, 0x6d4],
  [" ", 0x964, 0x965],
  [" ", 0x1680, 0x1680],
  [" ", 0x2000, 0x2bff],
  [" ", 0x2e00, 0x2e7f],
  [" ", 0x3000, 0x3004],
  [" ", 0x3008, 0x3030],
  [" ", 0x303d, 0x303f],
  [" ", 0x30a0, 0x30a0],
  [" ", 0x30fb, 0x30fb],
  [" ", 0xd800, 0xf8ff],
  [" ", 0xfe10, 0xfe6f],
  [" ", 0xffe0, 0xffff],
  [" ", 0x1d000, 0x1d3ff],
  [" ", 0x1f000, 0x1faff],
  [" ", 0xe0000, 0x10ffff],
  // Scripts that set no space between words: every character is a word.
  [EDGE, 0xe00, 0xeff],
  [EDGE, 0x1000, 0x109f],
  [EDGE, 0x1780, 0x17ff],
  [EDGE, 0x3005, 0xa4cf],
  [EDGE, 0xac00, 0xd7ff],
  [EDGE, 0xf900, 0xfaff],
  [EDGE, 0x20000, 0x3ffff],
];

/** A clause of lunr's query language: presence, field, word, edits and boosts. */
export const CLAUSE = new RegExp(
  `^([+-]?)(?:(${FIELDS.join("|")}):)?([a-z0-9.*]+)((?:[~^][0-9]+)*)$`,
);

/**
 * The words of a text as lunr can index and find them, for documents and queries alike: ASCII
 * letters and digits, one space between words, accents folded, other scripts in codes that no
 * stemming touches. Operators of lunr's query language stay where they are in their place and are
 * spaces elsewhere, so that lunr can parse every normalised text. Twice is the same as once.
 */
export function normalize(text) {
  return fold(String(text))
    .replace(/(?<=\S)-/g, " ")
    .split(" ")
    .filter(Boolean)
    .flatMap((chunk) => (CLAUSE.test(chunk) ? chunk : wordsOf(chunk)))
    .join(" ");
}

function fold(text) {
  const folded = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]+/g, "")
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\x00-\x20\x7f]+/g, " ")
    .replace(/[^\x00-\x7f]/gu, foldCharacter)
    .replace(/(?<![a-z0-9])([a-z])(\+\+|#)/g, nameLanguage)
    .replace(/(?<=[a-z0-9])'+(?=[a-z])/g, "")
    .replace(/\.(?![0-9])|(?<![0-9])\./g, " ")
    .replace(/[^a-z0-9.+\-:*~^\x01]+/g, " ");
  return folded
    .replace(/\x01+/g, EDGE)
    .replace(/(?<![a-z0-9])\x01|\x01(?![a-z0-9])/g, "")
    .replaceAll(EDGE, " ");
}

function nameLanguage(_, letter, sign) {
  return letter + (sign === "#" ? "sharp" : "plusplus") + EDGE;
}

function foldCharacter(character) {
  if (GREEK.has(character)) return EDGE + GREEK.get(character) + EDGE;
  if (LATIN.has(character)) return LATIN.get(character);
  if (APOSTROPHES.has(character)) return "'";
  const point = character.codePointAt(0);
  const range = RANGES.find(([, first, last]) => first <= point && point <= last);
  if (range && range[0] !== EDGE) return range[0];
  const edge = range ? EDGE : "";
  return edge + "x" + point.toString(16).replace(/./g, (d) => CONSONANTS[parseInt(d, 16)]) + edge;
}

function wordsOf(chunk) {
  return chunk.split(/[+\-:~^]+/).filter((word) => /[^*]/.test(word));
}

function pairs(...lines) {
  const map = new Map();
  for (let i = 0; i < lines.length; i += 2) {
    const names = lines[i + 1].split(" ");
    [...lines[i]].forEach((letter, at) => map.set(letter, names[at]));
  }
  return map;
}

// Porter's algorithm (Program 14(3), 1980) as lunr.js 2.3.9 reads it.
const C = "[^aeiou][^aeiouy]*";
const V = "[aeiouy][aeiou]*";
const M_OVER_0 = new RegExp(`^(?:${C})?${V}${C}`);
const M_OVER_1 = new RegExp(`^(?:${C})?${V}${C}${V}${C}`);
const M_IS_1 = new RegExp(`^(?:${C})?${V}${C}(?:${V})?$`);
const VOWEL = new RegExp(`^(?:${C})?[aeiouy]`);
const SHORT = new RegExp(`^${C}[aeiouy][^aeiouwxy]$`);
const LONG = {
  ational: "ate", tional: "tion", enci: "ence", anci: "ance", izer: "ize", bli: "ble",
  alli: "al", entli: "ent", eli: "e", ousli: "ous", ization: "ize", ation: "ate", ator: "ate",
  alism: "al", iveness: "ive", fulness: "ful", ousness: "ous", aliti: "al", iviti: "ive",
  biliti: "ble", logi: "log",
};
const MIDDLE = {
  icate: "ic", ative: "", alize: "al", iciti: "ic", ical: "ic", ful: "", ness: "",
};
const LONG_ENDING = new RegExp(`^(.+?)(${Object.keys(LONG).join("|")})$`);
const MIDDLE_ENDING = new RegExp(`^(.+?)(${Object.keys(MIDDLE).join("|")})$`);
const LAST_ENDING =
  /^(.+?)(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/;

/** The stem of a lower-case ASCII word, exactly as lunr.js 2.3.9 stems it. */
export function stem(word) {
  if (word.length < 3) return word;
  if (word[0] !== "y") return stemSteps(word);
  return "y" + stemSteps("Y" + word.slice(1)).slice(1); // a first y is a consonant
}

function stemSteps(word) {
  let stemmed = withoutPast(withoutPlural(word)).replace(/^(.+?[^aeiou])y$/, "$1i");
  stemmed = withShorterEnding(stemmed, LONG_ENDING, LONG);
  stemmed = withShorterEnding(stemmed, MIDDLE_ENDING, MIDDLE);
  return withoutFinalLetter(withoutLastEnding(stemmed));
}

function withoutPlural(word) {
  const match = /^(.+?)(?:(ss|i)es|([^s])s)$/.exec(word);
  return match ? match[1] + (match[2] ?? match[3]) : word;
}

function withoutPast(word) {
  if (/^.+eed$/.test(word)) return M_OVER_0.test(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const base = /^(.+?)(?:ed|ing)$/.exec(word)?.[1];
  if (base === undefined || !VOWEL.test(base)) return word;
  if (/(?:at|bl|iz)$/.test(base)) return base + "e";
  if (/([^aeiouylsz])\1$/.test(base)) return base.slice(0, -1);
  return SHORT.test(base) ? base + "e" : base;
}

function withShorterEnding(word, ending, shorter) {
  const match = ending.exec(word);
  return match && M_OVER_0.test(match[1]) ? match[1] + shorter[match[2]] : word;
}

function withoutLastEnding(word) {
  const match = LAST_ENDING.exec(word) ?? /^(.+?[st])ion$/.exec(word);
  return match && M_OVER_1.test(match[1]) ? match[1] : word;
}

function withoutFinalLetter(word) {
  const base = /^(.+)e$/.exec(word)?.[1];
  const shorten = base && (M_OVER_1.test(base) || (M_IS_1.test(base) && !SHORT.test(base)));
  const rest = shorten ? base : word;
  return rest.endsWith("ll") && M_OVER_1.test(rest) ? rest.slice(0, -1) : rest;
}
