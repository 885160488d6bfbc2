// One simulated Pico, driven line by line from standard input. Times are nanoseconds since power-up.
//
//   advance NS | uart NS HEX | usb NS HEX | request SETUP_HEX [DATA_HEX] | pin NUMBER LEVEL | replug | freeze | reset
//   flash OFFSET COUNT | ram ADDRESS COUNT | unused | facts
//
// Each command is answered by what happened meanwhile, and by ". NS" when it is done:
//   E NS CHANNEL LEVEL   a servo pin      T NS BYTE   a byte that has reached the host by UART      U NS HEX   by USB
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Board } from './board.mjs';

const REQUEST_NS = 2e6;
const STATUS_NS = 50e3; // the empty packet that ends a request

const options = JSON.parse(process.argv[2]);
const require = createRequire(`${options.modules}/`);
const lines = [];
const board = new Board(require('rp2040js'), options, readFileSync(options.image), (line) => lines.push(line));
for (const [offset, hex] of options.flash) board.flash.content.set(Buffer.from(hex, 'hex'), offset);
board.reset();

const COMMANDS = {
  advance: (ns) => board.advance(Number(ns)),
  uart: (ns, hex) => board.sendUart(Number(ns), Buffer.from(hex, 'hex')),
  usb: (ns, hex) => board.sendUsb(Number(ns), Buffer.from(hex, 'hex')),
  request: (setup, data = '') => {
    board.host.begin(Buffer.from(setup, 'hex'), Buffer.from(data, 'hex'));
    board.advance(board.clock.nanos + REQUEST_NS);
    lines.push(`R ${board.host.end()}`);
    board.advance(board.clock.nanos + STATUS_NS);
  },
  pin: (pin, level) => board.drive(Number(pin), level === '1'),
  replug: () => board.replug(),
  freeze: () => board.freeze(),
  reset: () => board.reset(),
  flash: (offset, count) => {
    const from = Number(offset);
    lines.push(`M ${Buffer.from(board.flash.content.subarray(from, from + Number(count))).toString('hex')}`);
  },
  ram: (address, count) => {
    const from = Number(address) - 0x20000000;
    lines.push(`M ${Buffer.from(board.chip.sram.subarray(from, from + Number(count))).toString('hex')}`);
  },
  unused: () => lines.push(`N ${board.unusedRam()}`),
  facts: () => {
    const { chip } = board;
    const facts = {
      system_hz: chip.clkSys,
      baud: chip.uart[0].baudRate,
      usb_connected_ns: board.host?.connectedNs ?? null,
      watchdog_resets: board.resets,
      longest_awake_us: board.longestAwakeNs / 1000,
      in_boot_loader: board.inBootLoader,
    };
    lines.push(`F ${JSON.stringify(facts)}`);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...words] = line.split(' ');
  COMMANDS[name](...words);
  lines.push(`. ${board.clock.nanos}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  lines.length = 0;
}
