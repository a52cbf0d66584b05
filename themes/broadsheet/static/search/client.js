// The way from a page to the index. A Worker answers; where module Workers are missing or do not
// start, the same module answers in the page.
const script = new URL("./worker.js", import.meta.url).href;

export class Client {
  #connecting = null;
  #waiting = new Map(); // what to do with the answers still to come, by id
  #asked = 0;

  /** What a method of worker.js answers; rejects with the signal's reason once that is aborted. */
  async call(method, args, signal) {
    signal?.throwIfAborted();
    this.#connecting ??= this.#connect();
    const port = await this.#connecting.catch((error) => {
      this.#connecting = null; // so that the next question tries again
      throw error;
    });
    signal?.throwIfAborted();
    return this.#ask(port, { id: ++this.#asked, method, args }, signal);
  }

  #ask(port, question, signal) {
    const { id } = question;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(id);
        port.postMessage({ id, method: "abort" });
        reject(signal.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.set(id, ({ value, error }) => {
        signal?.removeEventListener("abort", abort);
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
      port.postMessage(question);
    });
  }

  async #connect() {
    const port = await started().catch(servedHere);
    port.onmessage = ({ data }) => {
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    };
    return port;
  }
}

/** A Worker that has said it is ready. */
async function started() {
  const worker = new Worker(trustedScript(), { type: "module" });
  await new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error("the worker did not start"));
    };
  });
  worker.onerror = null;
  return worker;
}

/** A port to the same code in the page. */
async function servedHere() {
  const { serve } = await import("./worker.js");
  const { port1, port2 } = new MessageChannel();
  serve(port2);
  return port1;
}

/** The page's policy wants somebody to vouch for what becomes a script: this one address is ours. */
function trustedScript() {
  if (!globalThis.trustedTypes) return script;
  const policy = trustedTypes.createPolicy("broadsheet", { createScriptURL: () => script });
  return policy.createScriptURL(script);
}
