// Calls harness_step once a hop on rp2040js and counts the instructions until it returns.
//
// Reads request.json, image and hops from the working folder; writes outputs and result.json there.
// Nothing of the chip is started, no boot ROM, no clocks: the function is called with a stack and a return
// address of its own, and its memory is written and read from here.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';

const STATUS_FAULT = 4; // rp2040.py knows it
const RETURNED = 0x10000000; // in the empty flash: nothing of the program lies there
const PAINT = 0xc5;
const RAM_START = 0x20000000;
const [SP, LR] = [13, 14];

const request = JSON.parse(readFileSync('request.json', 'utf8'));
const { RP2040 } = createRequire(`${request.modules}/`)('rp2040js');
const hops = readFileSync('hops');
const chip = new RP2040();
const core = chip.core;

class Fault extends Error {}
const refuse = (part, message) => {
  throw new Fault(message);
};
// The simulated core goes on after a bad address or an unknown instruction and only says so.
chip.logger = { debug() {}, info() {}, warn: refuse, error: refuse };
chip.onBreak = (code) => refuse('core', `breakpoint ${code}`);

function call(address) {
  core.registers[SP] = request.harness_stack_top;
  core.registers[LR] = RETURNED | 1;
  core.PC = address & ~1;
  for (let count = 1; count <= request.most_instructions; count++) {
    core.executeInstruction();
    if (core.PC === RETURNED) return count;
  }
  throw new Fault(`no end after ${request.most_instructions} instructions`);
}

function bytesAt(address, count) {
  return chip.sram.subarray(address - RAM_START, address - RAM_START + count);
}

const stack = bytesAt(request.harness_stack_top - request.stack_bytes, request.stack_bytes);
const instructions = [];
const outputs = [];
let hop = 0;
try {
  bytesAt(request.load, 0x42000).fill(0);
  chip.sram.set(readFileSync('image'), request.load - RAM_START);
  call(request.harness_reset);
  stack.fill(PAINT);
  for (; (hop + 1) * request.input_bytes <= hops.length; hop++) {
    bytesAt(request.harness_input, request.input_bytes).set(
      hops.subarray(hop * request.input_bytes, (hop + 1) * request.input_bytes),
    );
    instructions.push(call(request.harness_step));
    outputs.push(Buffer.from(bytesAt(request.harness_output, request.output_bytes)));
  }
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  writeFileSync('result.json', JSON.stringify({ hop, fault: error.message }));
  process.exit(STATUS_FAULT);
}
const untouched = stack.findIndex((byte) => byte !== PAINT);
const stack_bytes = untouched < 0 ? 0 : stack.length - untouched;
writeFileSync('outputs', Buffer.concat(outputs));
writeFileSync('result.json', JSON.stringify({ instructions, stack_bytes }));
