// The flash chip beside an RP2040, and a stand-in for those routines of the boot ROM that the firmware calls.
//
// The real boot ROM is Raspberry Pi's and is not copied here. Each stand-in is two instructions, a breakpoint whose
// number says which routine it is and a return; what the routine does happens below, in the time it takes the
// chip (W25Q16JV datasheet, 9.6). A routine interrupted by a reset leaves its sector or page half done.
const FLASH_BYTES = 2 * 1024 * 1024;
const SECTOR_BYTES = 4096;
const PAGE_BYTES = 256;
const PROGRAM_NS = 0.4e6;
const READ_UNIQUE_ID = 0x4b;
const ID_AFTER_BYTES = 5; // the command and four that mean nothing
const UNREADABLE = 0xee;

const TABLE_AT = 0x40; // what lies there does not matter: LOOK_UP knows
const ROUTINES_AT = 0x100;
const ROUTINES = ['look up', 'IF', 'EX', 'RE', 'RP', 'FC', 'CX', 'UB'];
const BREAKPOINT = 0xbe00;
const RETURN = 0x4770;

const SSI_READY = 0b1010; // room to send, something received
const OUTPUT_LOW = 2;

export class Flash {
  constructor(uniqueId, eraseMs) {
    this.eraseNs = eraseMs * 1e6;
    this.content = new Uint8Array(FLASH_BYTES).fill(0xff);
    this.uniqueId = uniqueId;
    this.busy = null; // {untilNs, finish}
    this.ssi = new Map();
  }

  // Puts the flash, and the ROM unless there shall be none, into a chip that has just been made.
  attach(chip, clock, withRom, refuse, onBootLoader) {
    Object.assign(this, { chip, clock, refuse, onBootLoader, busy: null, selected: false, sent: 0, answer: 0 });
    this.readable = true;
    chip.flash.set(this.content);
    chip.peripherals[0x18000] = this.ssiPeripheral();
    chip.peripherals[0x40018] = this.pinPeripheral();
    if (withRom) this.writeRom();
    chip.onBreak = (number) => this.routine(number);
  }

  writeRom() {
    const rom = new DataView(this.chip.bootrom.buffer);
    rom.setUint16(0x14, TABLE_AT, true);
    rom.setUint16(0x18, ROUTINES_AT | 1, true);
    ROUTINES.forEach((_, number) => {
      rom.setUint16(ROUTINES_AT + 4 * number, BREAKPOINT | number, true);
      rom.setUint16(ROUTINES_AT + 4 * number + 2, RETURN, true);
    });
  }

  routine(number) {
    const [r0, r1, r2] = this.chip.core.registers;
    const name = ROUTINES[number];
    if (name === undefined || this.chip.core.PC >= 0x4000) this.refuse(`breakpoint ${number} in the firmware`);
    if (name === 'look up') {
      const found = ROUTINES.indexOf(String.fromCharCode(r1 & 0xff, r1 >> 8), 1);
      this.chip.core.registers[0] = found < 0 ? 0 : (ROUTINES_AT + 4 * found) | 1;
    } else if (name === 'EX') this.hide();
    else if (name === 'CX') this.show();
    else if (name === 'RE') this.erase(r0, r1);
    else if (name === 'RP') this.program(r0, r1, r2);
    else if (name === 'UB') this.onBootLoader();
  }

  // Nothing can be read or run from the flash: whoever tries finds nonsense.
  hide() {
    this.readable = false;
    this.chip.flash.fill(UNREADABLE, 0, FLASH_BYTES);
  }

  show() {
    this.readable = true;
    this.chip.flash.set(this.content);
  }

  erase(offset, count) {
    if (this.readable || offset % SECTOR_BYTES || count % SECTOR_BYTES || offset + count > FLASH_BYTES) {
      this.refuse(`erase of ${count} bytes at ${offset}`);
    }
    const half = this.content.subarray(offset, offset + count);
    half.forEach((byte, at) => (half[at] = byte | ((at * 37) & 0xff))); // neither what was there nor erased
    this.work((this.eraseNs * count) / SECTOR_BYTES, () => half.fill(0xff));
  }

  program(offset, from, count) {
    const inRam = from >= 0x20000000 && from + count <= 0x20042000;
    if (this.readable || !inRam || offset % PAGE_BYTES || count % PAGE_BYTES || offset + count > FLASH_BYTES) {
      this.refuse(`program of ${count} bytes at ${offset} from ${from.toString(16)}`);
    }
    const page = this.content.subarray(offset, offset + count);
    const data = this.chip.sram.slice(from - 0x20000000, from - 0x20000000 + count);
    const part = count >> 1;
    for (let at = 0; at < part; at++) page[at] &= data[at];
    this.work((PROGRAM_NS * count) / PAGE_BYTES, () => {
      for (let at = part; at < count; at++) page[at] &= data[at];
    });
  }

  work(ns, finish) {
    this.busy = { untilNs: this.clock.nanos + ns, finish };
  }

  ssiPeripheral() {
    return {
      readUint32: (offset) => {
        if (offset === 0x28) return SSI_READY;
        return offset === 0x60 ? this.answer : (this.ssi.get(offset) ?? 0);
      },
      writeUint32Atomic: (offset, value) => {
        if (offset === 0x60) this.exchange(value & 0xff);
        else this.ssi.set(offset, value);
      },
    };
  }

  exchange(byte) {
    if (this.readable || !this.selected) this.refuse('a byte to the flash, which is not listening');
    if (this.sent === 0) this.command = byte;
    const at = this.sent++ - ID_AFTER_BYTES;
    this.answer = this.command === READ_UNIQUE_ID && at >= 0 ? (this.uniqueId[at] ?? 0) : 0xff;
  }

  pinPeripheral() {
    const ctrl = new Map();
    return {
      readUint32: (offset) => ctrl.get(offset) ?? 0,
      writeUint32Atomic: (offset, value) => {
        ctrl.set(offset, value);
        if (offset === 0x0c) {
          const selected = ((value >> 8) & 3) === OUTPUT_LOW;
          if (selected !== this.selected) this.sent = 0;
          this.selected = selected;
        }
      },
    };
  }

  // What the second stage must have set up before a program can run in place: command 03h with 24 bits of address,
  // frames of 32 bits, and a clock the chip can follow (W25Q16JV: 50 MHz for 03h) at 125 MHz.
  readsInPlace() {
    const at = (offset) => this.ssi.get(offset) ?? 0;
    return at(0x08) === 1 && at(0x00) === 0x001f0300 && at(0xf4) === 0x03000218 && at(0x14) >= 4;
  }
}
