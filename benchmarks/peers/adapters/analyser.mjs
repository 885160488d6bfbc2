// An AnalyserNode as the Web Audio specification describes it (section 1.8.6, "FFT windowing and smoothing over
// time"): Blackman window with alpha 0.16, Fourier transform over N, smoothing, decibels, bytes.

import { RealTransform } from './transform.mjs';

const ALPHA = 0.16;
const LOUDEST = 255;

export class Analyser {
  smoothingTimeConstant = 0.8;
  minDecibels = -100;
  maxDecibels = -30;

  // `sound`: { samples, heard }, shared with whoever moves time on; `heard` samples have passed.
  constructor(sound) {
    this.sound = sound;
    this.fftSize = 2048;
  }

  get fftSize() {
    return this.size;
  }

  set fftSize(size) {
    this.size = size;
    this.transform = new RealTransform(size);
    this.block = new Float64Array(size);
    this.magnitude = new Float64Array(size / 2);
    this.smoothed = new Float64Array(size / 2);
    this.window = Float64Array.from({ length: size }, (_, n) => {
      const turn = (2 * Math.PI * n) / size;
      return (1 - ALPHA) / 2 - Math.cos(turn) / 2 + (ALPHA / 2) * Math.cos(2 * turn);
    });
  }

  get frequencyBinCount() {
    return this.size / 2;
  }

  connect() {}

  getByteFrequencyData(bytes) {
    const { size, block, window, magnitude, smoothed } = this;
    const { samples, heard } = this.sound;
    const first = heard - size;
    for (let n = 0; n < size; n++) block[n] = first + n < 0 ? 0 : samples[first + n] * window[n];
    this.transform.magnitudes(block, magnitude);
    const kept = this.smoothingTimeConstant;
    const scale = LOUDEST / (this.maxDecibels - this.minDecibels);
    for (let bin = 0; bin < smoothed.length; bin++) {
      smoothed[bin] = kept * smoothed[bin] + ((1 - kept) * magnitude[bin]) / size;
      const level = Math.floor(scale * (20 * Math.log10(smoothed[bin]) - this.minDecibels));
      bytes[bin] = level > LOUDEST ? LOUDEST : level > 0 ? level : 0;
    }
  }
}
