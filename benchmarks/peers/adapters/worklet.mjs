// The few parts of Web Audio that an AudioWorklet needs to run unchanged in Node.js: its two base classes, the
// pair of ports between node and processor, and the globals of the processor's scope. A message arrives when
// the processor's turn is over, as in a browser; it is not copied, which a browser does at its own cost.

import { CONTEXT_HZ } from './upsampled.mjs';

const processors = new Map();
const waiting = [];
let portOfNext = null;

class Port {
  onmessage = null;
  other = null;

  postMessage(data) {
    waiting.push([this.other, data]);
  }
}

globalThis.sampleRate = CONTEXT_HZ;
globalThis.currentTime = 0;
globalThis.registerProcessor = (name, processor) => processors.set(name, processor);

globalThis.AudioWorkletProcessor = class {
  constructor() {
    this.port = portOfNext;
  }
};

globalThis.AudioWorkletNode = class {
  constructor(context, name, options) {
    const Processor = processors.get(name);
    this.context = context;
    this.port = new Port();
    portOfNext = new Port();
    this.port.other = portOfNext;
    portOfNext.other = this.port;
    const defaults = Processor.parameterDescriptors.map((one) => [one.name, new Float32Array([one.defaultValue])]);
    this.values = Object.fromEntries(defaults);
    this.parameters = new Map(defaults.map(([key, value]) => [key, { value: value[0] }]));
    this.processor = new Processor({ numberOfInputs: 1, ...options });
  }
};

// Hand every message that waits to the side that it was sent to.
export function deliver() {
  for (let i = 0; i < waiting.length; i++) {
    const [port, data] = waiting[i];
    if (port.onmessage) port.onmessage({ data });
  }
  waiting.length = 0;
}

// Let a node hear blocks of samples, and call `frame(time_s)` 60 times a second, each time after the block that
// holds its instant, as a page that draws does.
export function hearing(node, blocks, framesPerS, frame) {
  const inputs = [[null]];
  let frames = 1;
  for (let index = 0; index < blocks.length; index++) {
    inputs[0][0] = blocks[index];
    globalThis.currentTime = (index * blocks[index].length) / CONTEXT_HZ;
    node.processor.process(inputs, [], node.values);
    deliver();
    const heard = ((index + 1) * blocks[index].length) / CONTEXT_HZ;
    if (heard >= frames / framesPerS) {
      frame(heard);
      frames += 1;
    }
  }
}
