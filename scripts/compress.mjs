// Writes `<file>.br` and `<file>.gz` beside every file of the built site they make smaller; the server's build embeds
// them. Here rather than in the build script: Node.js is there for the front build anyway, and its zlib is native, while
// a build script would run brotli unoptimised, or have every procedural macro optimised along with it.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const site = process.argv[2];
const codings = {
  br: (bytes) =>
    brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }),
  gz: (bytes) => gzipSync(bytes, { level: 9 }),
};

for (const entry of readdirSync(site, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(br|gz|d\.ts)$/.test(entry.name) || entry.name.startsWith(".")) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = readFileSync(path);
  for (const [extension, compress] of Object.entries(codings)) {
    const compressed = compress(bytes);
    if (compressed.length < bytes.length) writeFileSync(`${path}.${extension}`, compressed);
  }
}
