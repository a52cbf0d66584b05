// Reading what was prepared: files of a site as a browser's fetch would give them, and lines.
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

export const SITE = "http://site.invalid";

/** The question that Python asks, from stdin. */
export async function question() {
  return JSON.parse(await text(process.stdin));
}

/** Answers, to Python. */
export function answer(value) {
  process.stdout.write(JSON.stringify(value));
}

/** The JSON value of each line of a file. */
export async function* readLines(path) {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    yield JSON.parse(line);
  }
}

/**
 * A `fetch` for the files of a folder, which stands at SITE. Every file is read from disk once.
 */
export function diskFetch(folder) {
  const files = new Map();
  return async (url) => {
    const path = new URL(url, SITE).pathname;
    if (!files.has(path)) files.set(path, await readFile(folder + path).catch(() => null));
    const body = files.get(path);
    return body ? new Response(body) : new Response("", { status: 404 });
  };
}
