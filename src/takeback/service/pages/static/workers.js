/**
 * The workers of the pages, and the one policy by which a worker can be started at all.
 */

const ADDRESSES = ["/page/worker.js", "/page/solver.js", "/page/describer.js"];

/** @type {{ createPolicy: (name: string, rules: object) => { createScriptURL: (address: string) => string } } | undefined} */
const trustedTypes = Reflect.get(globalThis, "trustedTypes");

const policy = trustedTypes?.createPolicy("takeback-worker", {
  createScriptURL: (/** @type {string} */ address) => {
    if (!ADDRESSES.includes(address)) throw new TypeError("There is no such worker.");
    return address;
  },
});

/** @param {"/page/worker.js" | "/page/solver.js" | "/page/describer.js"} address */
export function startWorker(address) {
  return new Worker(policy?.createScriptURL(address) ?? address, { type: "module" });
}
