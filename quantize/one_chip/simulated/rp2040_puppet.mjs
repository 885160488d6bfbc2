// A Pico with a microphone on rp2040js: samples go in where the microphone's wires are, pulses come out of the pins.
//
// Reads request.json, image (the whole flash) and microphone (raw samples) from the working folder; writes record (as
// the board for QEMU does: 'H' and 'P'), and result.json: instructions and cycles of every hop, and every pulse that a
// pin gave. The boot ROM is left out: the program starts from its vectors, as the second stage starts it.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';

const request = JSON.parse(readFileSync('request.json', 'utf8'));
const { Simulator } = createRequire(`${request.modules}/`)('rp2040js');

const STATUS_FAULT = 4; // rp2040.py knows it
const RAM_START = 0x20000000;
const VECTORS = 0x10000100;
const [SERVO_PIN, SERVOS, CLOCK_PIN, SELECT_PIN, DATA_PIN] = [2, 12, 16, 17, 18];
const HOP_BYTES = 320;
const SAMPLE_NS = 1e9 / 16000;
const PIO_NS = SAMPLE_NS / request.machine_steps_a_sample;

const bytes = readFileSync('microphone');
const pcm = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const { rp2040: chip, clock } = new Simulator();
const core = chip.core;

class Fault extends Error {}
const refuse = (part, message) => {
  throw new Fault(`${part}: ${message}`);
};
// The simulated chip goes on after a bad address or an unknown instruction and only says so.
chip.logger = { debug() {}, info() {}, warn: refuse, error: refuse };
chip.onBreak = (code) => refuse('core', `breakpoint ${code}`);

// After the last sample a digital microphone is dead: the clocks that it lives on stop. An analog one is silent. It can
// be gone for a while before, too.
let heard = 0;
let goneUntil = 0;
const isDead = () => heard > pcm.length || clock.nanos < goneUntil;
function nextSample() {
  if (heard === request.low_at) chip.gpio[request.low_pin].setInputValue(false);
  if (heard === request.gone_at) goneUntil = clock.nanos + request.gone_ms * 1e6;
  if (heard >= pcm.length) {
    heard = pcm.length + 1;
    return 0;
  }
  return pcm[heard++];
}

// The state machines step at their own rate; the simulator would run them beside its clock.
const pio = chip.pio[0];
pio.run = () => {};
let pioNanos = 0;
let lastPins = 0;
const data = chip.gpio[DATA_PIN];
let dataLevel = false;
const setData = (level) => {
  if (level !== dataLevel) data.setInputValue((dataLevel = level));
};

// I2S: bits change where the clock falls and are read where it rises; a slot begins one clock after word select.
const i2s = {
  word: 0,
  bit: 32,
  select: 1,
  step(pins, risen, fallen) {
    if (risen) {
      const select = (pins >> SELECT_PIN) & 1;
      if (select !== this.select && select === 0) {
        this.word = (nextSample() << (16 - request.gain_bits)) >>> 0;
        this.bit = 0;
      }
      this.select = select;
    } else if (fallen) {
      setData(this.bit < 32 && ((this.word >>> (31 - this.bit)) & 1) === 1);
      this.bit++;
    }
  },
};

// PDM: the second-order modulator that is in such microphones, held between samples.
const pdm = {
  first: 0,
  second: 0,
  clocks: 0,
  sample: 0,
  level: -1,
  step(pins, risen, fallen) {
    if (!fallen) return;
    if (this.clocks++ % 64 === 0) this.sample = nextSample() / 32768 / 2 ** request.gain_bits;
    this.first += this.sample - this.level;
    this.second += this.first - this.level;
    this.level = this.second >= 0 ? 1 : -1;
    setData(this.level > 0);
  },
};

chip.adc.onADCRead = () => {
  chip.adc.channelValues[0] = (nextSample() >> 4) + 2048;
  chip.adc.currentChannel = 0;
  chip.adc.sampleAlarm.schedule(2000);
};

// Nothing is wired to the inputs for stalled and hot servos, their pull-ups hold them high; until one is pulled low.
for (const pin of [14, 15]) chip.gpio[pin].setInputValue(true);

const wires = { i2s, pdm, adc: null }[request.microphone];

function stepMachines() {
  while (pioNanos <= clock.nanos) {
    pioNanos += PIO_NS;
    if (pio.stopped || isDead()) continue;
    pio.step();
    const pins = pio.pinValues;
    const changed = pins ^ lastPins;
    lastPins = pins;
    if ((changed >> CLOCK_PIN) & 1) {
      const high = ((pins >> CLOCK_PIN) & 1) === 1;
      wires.step(pins, high, !high);
    }
  }
}

const pulses = [];
const risen = new Array(SERVOS).fill(null);
for (let servo = 0; servo < SERVOS; servo++) {
  chip.gpio[SERVO_PIN + servo].addListener((state) => {
    if (state === 1) risen[servo] = clock.nanos;
    else if (risen[servo] !== null) {
      pulses.push([servo, risen[servo], clock.nanos - risen[servo]]);
      risen[servo] = null;
    }
  });
}

const record = [];
const given = [];
const hops = [];
const memory = (address, count) => chip.sram.subarray(address - RAM_START, address - RAM_START + count);
const word = (value) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
};
let instructions = 0;
let cycles = 0;
let begun = null;
const watched = new Map([
  [
    request.microphone_read & ~1, // the one that finds samples is the last before a hop
    () => {
      begun = [instructions, cycles];
    },
  ],
  [
    request.mandible_push & ~1,
    () => {
      given.push(Buffer.from(memory(core.registers[1], HOP_BYTES)));
    },
  ],
  [
    request.watch_hop & ~1,
    () => {
      hops.push([instructions - begun[0], cycles - begun[1]]);
      record.push(Buffer.from('H'), Buffer.from(memory(core.registers[0], request.record_bytes)));
    },
  ],
  [
    request.board_give_pulses & ~1,
    () => {
      const [now, start, , widths] = core.registers;
      record.push(Buffer.from('P'), word(now), word(start), Buffer.from(memory(widths, 2 * SERVOS)));
    },
  ],
]);
const addresses = [...watched.keys()];
const [lowest, highest] = [Math.min(...addresses), Math.max(...addresses)];

function run(untilNanos) {
  const cycleNanos = 1e9 / chip.clkSys;
  while (clock.nanos < untilNanos) {
    if (core.waiting) {
      const alarm = clock.nanosToNextAlarm;
      const machine = wires === null || pio.stopped ? Infinity : pioNanos - clock.nanos;
      clock.tick(Math.max(1, Math.min(alarm > 0 ? alarm : 1, machine)));
    } else {
      if (core.PC >= lowest && core.PC <= highest) watched.get(core.PC)?.();
      const took = core.executeInstruction();
      instructions++;
      cycles += took;
      clock.tick(took * cycleNanos);
    }
    if (wires !== null) stepMachines();
  }
}

let fault = null;
try {
  chip.flash.set(readFileSync('image'));
  const vectors = new DataView(chip.flash.buffer, chip.flash.byteOffset + 0x100);
  core.VTOR = VECTORS;
  core.SP = vectors.getUint32(0, true);
  core.PC = vectors.getUint32(4, true) & ~1;
  run(pcm.length * SAMPLE_NS + (request.gone_ms + request.after_ms) * 1e6);
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  fault = error.message;
}
writeFileSync('record', Buffer.concat(record));
writeFileSync('given', Buffer.concat(given));
writeFileSync('result.json', JSON.stringify({ fault, hops, pulses }));
process.exit(fault === null ? 0 : STATUS_FAULT);
