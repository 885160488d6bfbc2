// Fourier transform of N real samples by one of N/2 complex ones (radix 2, twiddles and bit reversal looked up).
// Source: Press et al., Numerical Recipes, 12.3, "FFT of single real function".

export class RealTransform {
  // `size`: a power of two, at least 4.
  constructor(size) {
    const half = size / 2;
    this.half = half;
    this.re = new Float64Array(half);
    this.im = new Float64Array(half);
    this.cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.reversed = new Uint32Array(half);
    for (let k = 1; k < half; k++) this.reversed[k] = (this.reversed[k >> 1] >> 1) | (k & 1 ? half >> 1 : 0);
  }

  // (N,) samples -> (N/2,) magnitudes of the frequencies from 0 up, written to `found`.
  magnitudes(samples, found) {
    const { half, re, im, cos, sin, reversed } = this;
    for (let k = 0; k < half; k++) {
      re[reversed[k]] = samples[2 * k];
      im[reversed[k]] = samples[2 * k + 1];
    }
    this.#complex();
    found[0] = Math.abs(re[0] + im[0]);
    for (let k = 1; k < half; k++) {
      const mirror = half - k;
      const evenRe = (re[k] + re[mirror]) / 2;
      const evenIm = (im[k] - im[mirror]) / 2;
      const oddRe = (im[k] + im[mirror]) / 2;
      const oddIm = (re[mirror] - re[k]) / 2;
      const a = evenRe + cos[k] * oddRe - sin[k] * oddIm;
      const b = evenIm + cos[k] * oddIm + sin[k] * oddRe;
      found[k] = Math.sqrt(a * a + b * b);
    }
  }

  #complex() {
    const { half, re, im, cos, sin } = this;
    for (let span = 1; span < half; span *= 2) {
      const stride = half / span; // the table is for twice as many points
      for (let offset = 0; offset < span; offset++) {
        const c = cos[offset * stride];
        const s = sin[offset * stride];
        for (let low = offset; low < half; low += 2 * span) {
          const high = low + span;
          const turnedRe = re[high] * c - im[high] * s;
          const turnedIm = re[high] * s + im[high] * c;
          re[high] = re[low] - turnedRe;
          im[high] = im[low] - turnedIm;
          re[low] += turnedRe;
          im[low] += turnedIm;
        }
      }
    }
  }
}
