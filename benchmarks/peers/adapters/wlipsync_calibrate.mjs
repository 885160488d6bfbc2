// Run by ../calibration.py: what wLipSync's own analysis makes of moments of speech.
//
// Arguments: the folder where wLipSync is installed, the settings of the profile as JSON. Standard input: lines of
// JSON, {"pcm": base64 of int16 at 16 kHz, "moments": [sample, ...]}; a moment is the middle of what is analysed.
// Standard output: a line of JSON for each, [[coefficient, ...], ...].

import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

import { CONTEXT_HZ, upsampled } from './upsampled.mjs';

const WASM = 'node_modules/wlipsync/dist/wlipsync.wasm';
const FACTOR = 3; // of the rates

const [folder, settings] = process.argv.slice(2);
const profile = JSON.parse(settings);
const memory = new WebAssembly.Memory({ initial: 4 });
const { instance } = await WebAssembly.instantiate(readFileSync(path.join(folder, WASM)), { env: { memory } });
const wasm = instance.exports;
wasm.load_profile(
  profile.targetSampleRate,
  profile.sampleCount,
  profile.melFilterBankChannels,
  profile.compareMethod,
  // It computes as many coefficients as the profile has entries.
  profile.mfccNum,
  1,
  0,
);
wasm.set_input(CONTEXT_HZ);
// It analyses what lies before the place in its ring buffer that it is given: before 0 is the end of the buffer.
const heard = profile.sampleCount * FACTOR;
const ends = wasm.get_input_buffer() + wasm.get_input_buffer_size() * Float32Array.BYTES_PER_ELEMENT;
const input = new Float32Array(memory.buffer, ends - heard * Float32Array.BYTES_PER_ELEMENT, heard);
const output = new Float32Array(memory.buffer, wasm.mfccOut.value, profile.mfccNum);

for await (const line of createInterface({ input: process.stdin })) {
  const { pcm, moments } = JSON.parse(line);
  const bytes = Buffer.from(pcm, 'base64');
  const samples = upsampled(Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i)));
  const coefficients = moments.map((moment) => {
    const first = moment * FACTOR - heard / 2;
    input.forEach((_, i) => {
      input[i] = samples[first + i] ?? 0;
    });
    wasm.execute(0);
    return [...output];
  });
  process.stdout.write(`${JSON.stringify(coefficients)}\n`);
}
