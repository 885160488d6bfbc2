// Speech at 16 kHz made fit for an AudioContext, whose usual rate is 48 kHz. Not part of what is timed.

const SOURCE_HZ = 16000;
export const CONTEXT_HZ = 48000;
export const QUANTUM = 128; // samples that Web Audio processes at a time
const RATIO = CONTEXT_HZ / SOURCE_HZ;
const REACH = 32; // samples of the source to either side
const FULL_SCALE = 32768;

// A sinc under a Hann window, cut into the three phases that fall between two samples of the source.
const phases = Array.from({ length: RATIO }, (_, phase) =>
  Float64Array.from({ length: 2 * REACH }, (_, tap) => {
    const distance = phase / RATIO - (tap - REACH + 1);
    if (distance === 0) return 1;
    const turn = Math.PI * distance;
    return (Math.sin(turn) / turn) * (0.5 + 0.5 * Math.cos(turn / REACH));
  }),
);

// Int16Array at 16 kHz -> Float32Array at 48 kHz, no delay.
export function upsampled(pcm) {
  const padded = new Float64Array(pcm.length + 2 * REACH);
  for (let i = 0; i < pcm.length; i++) padded[i + REACH - 1] = pcm[i] / FULL_SCALE;
  const out = new Float32Array(pcm.length * RATIO);
  for (let i = 0; i < pcm.length; i++) {
    for (let phase = 0; phase < RATIO; phase++) {
      const taps = phases[phase];
      let sum = 0;
      for (let tap = 0; tap < 2 * REACH; tap++) sum += padded[i + tap] * taps[tap];
      out[i * RATIO + phase] = sum;
    }
  }
  return out;
}

// Whole quanta, each a view on the samples, as a worklet gets them.
export function quanta(samples) {
  const blocks = [];
  for (let at = 0; at + QUANTUM <= samples.length; at += QUANTUM) blocks.push(samples.subarray(at, at + QUANTUM));
  return blocks;
}
