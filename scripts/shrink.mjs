// Makes the built WebAssembly smaller by what is known of it and no compiler can know, then has wasm-opt optimise it.
//
// - Leptos' erased views carry a pointer to a way of hydrating for pages whose parts arrive later (`hydrate_async`): one
//   state machine for each type of view, a tenth of the program. Ours hydrates whole pages, `leptos::mount::hydrate_body`,
//   and never takes that way. Those functions become traps: taking the way would stop the page, in a test as well.
// - `wasm-streams` exports classes for streamed bodies, which keeps all of them in the program. None is made here.
//
// Functions are known by their names, so the build keeps these (`strip = "debuginfo"`), and wasm-opt drops them here.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [file, ...options] = process.argv.slice(2);
// The functions themselves and their steps, and nothing else in them: parts that are the same elsewhere are one function.
const NEVER_CALLED = /::(?:hydrate_async|new_with_async_value(?:_erased)?)(?:::\{\{closure\}\})*$/;
const NEVER_USED = /^(?:__wbg_)?intounderlying/;
// The compiler makes one function of those that are the same, under one of their names. What is smaller than this could be
// a few instructions that another function, which is called, has too; a state machine of this size is its own.
const OWN_BYTES = 160;
/** No locals, `unreachable`, `end`. */
const TRAP = Buffer.from([0, 0x00, 0x0b]);

const SECTION = { custom: 0, import: 2, export: 7, code: 10 };

const module = readFileSync(file);

/** Reads numbers, texts and pieces one after the other. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  piece(length = this.number()) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  text() {
    return this.piece().toString("utf8");
  }
  get done() {
    return this.at >= this.bytes.length;
  }
}

function number(value) {
  const bytes = [];
  do {
    bytes.push((value % 128) | (value >= 128 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}

const piece = (bytes) => Buffer.concat([number(bytes.length), bytes]);

function sections() {
  const all = [];
  for (const reader = new Reader(module, 8); !reader.done; ) all.push({ id: reader.piece(1)[0], body: reader.piece() });
  return all;
}

/** How many functions are imported: they come first in the numbering. */
function imported(body) {
  const reader = new Reader(body);
  let functions = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.text();
    reader.text();
    const kind = reader.piece(1)[0];
    if (kind !== 0) throw new Error(`an import of kind ${kind}: only functions are expected`);
    reader.number();
    functions++;
  }
  return functions;
}

/** The names of the functions, by number. */
function names(all) {
  for (const { id, body } of all) {
    const reader = new Reader(body);
    if (id !== SECTION.custom || reader.text() !== "name") continue;
    while (!reader.done) {
      const [kind, list] = [reader.piece(1)[0], new Reader(reader.piece())];
      if (kind !== 1) continue;
      const found = new Map();
      for (let left = list.number(); left > 0; left--) found.set(list.number(), list.text());
      return found;
    }
  }
  throw new Error("no names of functions: does the profile keep them?");
}

/** The code, with traps for the functions that are never called. */
function trapped(body, first, named) {
  const reader = new Reader(body);
  const count = reader.number();
  const functions = [];
  let traps = 0;
  for (let index = first; index < first + count; index++) {
    const code = reader.piece();
    const never = code.length >= OWN_BYTES && NEVER_CALLED.test((named.get(index) ?? "").replace(/::h[0-9a-f]{16}$/, ""));
    traps += never ? 1 : 0;
    functions.push(piece(never ? TRAP : code));
  }
  if (traps === 0) throw new Error("nothing is called hydrate_async any more: look whether this is still needed");
  console.log(`${traps} functions that are never called became traps`);
  return Buffer.concat([number(count), ...functions]);
}

/** The exports, without those that nothing uses. */
function used(body) {
  const reader = new Reader(body);
  const kept = [];
  for (let left = reader.number(); left > 0; left--) {
    const from = reader.at;
    const name = reader.text();
    reader.piece(1);
    reader.number();
    if (!NEVER_USED.test(name)) kept.push(body.subarray(from, reader.at));
  }
  return Buffer.concat([number(kept.length), ...kept]);
}

const all = sections();
const first = imported(all.find(({ id }) => id === SECTION.import).body);
const named = names(all);
const shrunk = all.map(({ id, body }) => {
  if (id === SECTION.code) return { id, body: trapped(body, first, named) };
  return id === SECTION.export ? { id, body: used(body) } : { id, body };
});
writeFileSync(file, Buffer.concat([module.subarray(0, 8), ...shrunk.flatMap(({ id, body }) => [Buffer.from([id]), piece(body)])]));
execFileSync(join("node_modules", ".bin", "wasm-opt"), [...options, file, "-o", file], { stdio: "inherit" });
