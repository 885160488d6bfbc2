// A Raspberry Pi Pico with the real image on rp2040js: what the boot ROM does before the program starts, time, servo pins,
// the UART's line, and the shortcomings of the simulator that a program could tell from a chip.
import { Flash } from './flash.mjs';
import { UsbHost } from './usb_host.mjs';

const FIRST_SERVO_PIN = 2;
const SERVOS = 12;
const ALARM_PINS = [14, 15];
const BITS_PER_BYTE = 10;
const PAINT = 0xc5;
const STAGE2_AT = 0x20041f00; // where the boot ROM copies it
const STAGE2_BYTES = 256;
const VECTORS_AT = 0x10000100;
const STAGE2_INSTRUCTIONS = 100;
const HIGH = 1;
const PULL_UP = 3;
const STILL = 8; // ns that pass with each instruction which does nothing
// The simulator does not have these registers, and nothing depends on them here.
const MISSING = [/UART0: Unimplemented peripheral write to 0x34/];

export class Board {
  constructor({ RP2040, USBCDC }, options, image, emit) {
    Object.assign(this, { RP2040, USBCDC, options, emit });
    this.clock = new RP2040().clock;
    this.flash = new Flash(Buffer.from(options.unique_id, 'hex'), options.erase_ms);
    this.flash.content.set(image);
    this.high = new Set();
    this.driven = new Map(); // what is wired to the alarm pins
    this.resets = 0;
    this.lineFreeNs = 0;
    this.sentFreeNs = 0;
    this.baud = options.baud;
  }

  refuse(message) {
    throw new Error(`the firmware does what a chip does not take, at ${this.chip.core.PC.toString(16)}: ${message}`);
  }

  // Power-up, the reset button, or the watchdog. Time goes on; whatever was on its way is gone.
  reset() {
    const { clock } = this;
    for (const channel of this.high) this.emit(`E ${clock.nanos} ${channel} 0`);
    this.high.clear();
    clock.nextAlarm = null;
    this.arrivals = [];
    this.arrivalAlarm = clock.createAlarm(() => this.arrive());
    this.frozen = false;
    this.asleepNs = clock.nanos;
    this.longestAwakeNs = 0;
    this.inBootLoader = false;
    const chip = (this.chip = new this.RP2040(clock));
    chip.sram.fill(PAINT);
    this.flash.attach(chip, clock, this.options.rom, (message) => this.refuse(message), () => this.enterBootLoader());
    const complain = (part, message) => {
      if (!MISSING.some((known) => known.test(`${part}: ${message}`))) this.refuse(`${part}: ${message}`);
    };
    chip.logger = { debug() {}, info() {}, warn: complain, error: complain };
    const watchdog = chip.peripherals[0x40058];
    watchdog.onWatchdogTrigger = () => {
      this.watchdogFired = true;
      watchdog.alarm.enable = false; // the simulator's would fire again at the same instant, for ever
    };
    this.watchdogFired = false;
    this.connect(chip);
    this.boot(chip);
  }

  connect(chip) {
    const { clock } = this;
    for (let channel = 0; channel < SERVOS; channel++) {
      chip.gpio[FIRST_SERVO_PIN + channel].addListener((state) => this.pinChanged(channel, state === HIGH));
    }
    for (const pin of ALARM_PINS) {
      chip.gpio[pin].addListener(() => this.pull(pin));
      this.pull(pin);
    }
    chip.uart[0].onByte = (byte) => {
      this.sentFreeNs = Math.max(clock.nanos, this.sentFreeNs) + this.byteNs;
      this.emit(`T ${this.sentFreeNs} ${byte}`);
    };
    this.host = this.options.usb ? this.newHost(chip) : null;
  }

  newHost(chip) {
    return new UsbHost(this.USBCDC, chip, this.clock, (ns, bytes) =>
      this.emit(`U ${ns} ${Buffer.from(bytes).toString('hex')}`),
    );
  }

  // Another computer at the other end of the cable; its first act is to reset the bus.
  replug() {
    this.host = this.newHost(this.chip);
    this.chip.usbCtrl.resetDevice();
  }

  get byteNs() {
    return (BITS_PER_BYTE * 1e9) / this.baud;
  }

  pinChanged(channel, high) {
    if (high === this.high.has(channel)) return;
    if (high) this.high.add(channel);
    else this.high.delete(channel);
    this.emit(`E ${this.clock.nanos} ${channel} ${high ? 1 : 0}`);
  }

  // A pin that nothing drives is where its pull-up has it; the simulator knows no pulls.
  pull(pin) {
    const gpio = this.chip.gpio[pin];
    const level = this.driven.get(pin) ?? gpio.pullupEnabled;
    if (gpio.rawInputValue !== level) gpio.setInputValue(level);
  }

  drive(pin, level) {
    this.driven.set(pin, level);
    this.pull(pin);
  }

  // What the boot ROM does: copy the second stage, check it, run it.
  boot(chip) {
    const stage2 = this.flash.content.subarray(0, STAGE2_BYTES);
    const wanted = new DataView(stage2.buffer, stage2.byteOffset).getUint32(STAGE2_BYTES - 4, true);
    if (crc32(stage2.subarray(0, STAGE2_BYTES - 4)) !== wanted) throw new Error('the second stage has a wrong CRC');
    chip.sram.set(stage2, STAGE2_AT - 0x20000000);
    const { core } = chip;
    core.PC = STAGE2_AT;
    core.LR = 0;
    const start = chip.readUint32(VECTORS_AT + 4) & ~1;
    for (let count = 0; core.PC !== start; count++) {
      if (count === STAGE2_INSTRUCTIONS) throw new Error('the second stage does not start the program');
      core.executeInstruction();
    }
    if (!this.flash.readsInPlace()) throw new Error('the second stage leaves the flash unreadable');
    chip.sram.fill(PAINT, STAGE2_AT - 0x20000000);
  }

  enterBootLoader() {
    this.inBootLoader = true;
    this.frozen = true;
  }

  // The processor does nothing more, as if caught in a loop with interrupts off.
  freeze() {
    this.frozen = true;
  }

  sendUart(ns, bytes) {
    this.lineFreeNs = Math.max(ns, this.lineFreeNs);
    for (const byte of bytes) {
      this.lineFreeNs += this.byteNs;
      this.arrivals.push({ ns: this.lineFreeNs, give: () => this.chip.uart[0].feedByte(byte) });
    }
    this.expect();
  }

  sendUsb(ns, bytes) {
    const { host } = this;
    this.arrivals.push({ ns, give: () => host.send(bytes) });
    this.expect();
  }

  expect() {
    this.arrivals.sort((one, other) => one.ns - other.ns);
    if (this.arrivals.length) this.arrivalAlarm.schedule(Math.max(0, this.arrivals[0].ns - this.clock.nanos));
  }

  arrive() {
    while (this.arrivals.length && this.arrivals[0].ns <= this.clock.nanos) this.arrivals.shift().give();
    this.expect();
  }

  advance(untilNs) {
    const { clock } = this;
    while (clock.nanos < untilNs) {
      if (this.watchdogFired) {
        this.resets++;
        this.reset();
      }
      this.step(untilNs);
    }
  }

  step(untilNs) {
    const { clock, chip, flash } = this;
    const { core } = chip;
    if (flash.busy) this.pass(Math.min(untilNs, flash.busy.untilNs));
    else if (this.frozen) this.pass(untilNs);
    else if (core.waiting) {
      this.longestAwakeNs = Math.max(this.longestAwakeNs, clock.nanos - this.asleepNs);
      // The simulator forgets an interrupt that came while interrupts were off, just before WFI.
      if (core.pendingInterrupts & core.enabledInterrupts) {
        core.checkForInterrupts();
        core.waiting = false;
      } else this.pass(untilNs);
      this.asleepNs = clock.nanos;
    } else clock.tick(core.executeInstruction() * (chip.clkSys === 125e6 ? STILL : Math.round(1e9 / chip.clkSys)));
    if (flash.busy && clock.nanos >= flash.busy.untilNs) {
      flash.busy.finish();
      flash.busy = null;
    }
  }

  // Time passes up to the next event, or to that instant.
  pass(untilNs) {
    const next = this.clock.nextAlarm?.nanos ?? Infinity;
    this.clock.tick(Math.max(0, Math.min(next, untilNs) - this.clock.nanos));
  }

  unusedRam() {
    let longest = 0;
    let run = 0;
    for (const byte of this.chip.sram) {
      run = byte === PAINT ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    return longest;
  }
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
