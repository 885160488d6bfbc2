// A computer at the other end of the USB cable: rp2040js's own host for serial ports, with two things of its real
// kind added. It sends no empty packets while it has nothing to say, and it can make any request.
const CONTROL_IN_AT = 0x80; // of endpoint 0's buffer control, in the controller's memory
const STALL = 1 << 11;

export class UsbHost {
  constructor(USBCDC, chip, clock, onBytes) {
    this.chip = chip;
    this.clock = clock;
    this.usb = chip.usbCtrl;
    this.cdc = new USBCDC(this.usb);
    this.connectedNs = null;
    this.waiting = []; // bytes for the board
    this.room = 0; // of the packet that the board is ready to take
    this.request = null;
    this.cdc.onDeviceConnected = () => (this.connectedNs = clock.nanos);
    this.cdc.onSerialData = (bytes) => onBytes(clock.nanos, bytes);
    const written = this.usb.onEndpointWrite;
    this.usb.onEndpointWrite = (endpoint, bytes) => {
      if (endpoint === 0 && this.request) this.answered(bytes);
      else written(endpoint, bytes);
    };
    this.usb.onEndpointRead = (endpoint, size) => this.ready(endpoint, size);
  }

  ready(endpoint, size) {
    if (endpoint === 0 && this.request?.data.length) {
      this.usb.endpointReadDone(0, this.request.data.splice(0, size).reduce(append, new Uint8Array(0)));
    } else if (endpoint === this.cdc.outEndpoint) {
      this.room = size;
      this.deliver();
    }
  }

  send(bytes) {
    this.waiting.push(...bytes);
    this.deliver();
  }

  deliver() {
    if (this.room > 0 && this.waiting.length > 0) {
      const packet = Uint8Array.from(this.waiting.splice(0, this.room));
      this.room = 0;
      this.usb.endpointReadDone(this.cdc.outEndpoint, packet);
    }
  }

  begin(setup, data) {
    this.request = { wanted: setup[6] | (setup[7] << 8), toHost: setup[0] >> 7, answer: [], data: [...data], over: false };
    this.usb.epStallArm = 0; // the controller does so when a request comes
    this.usb.sendSetupPacket(setup);
  }

  answered(bytes) {
    const { request } = this;
    request.answer.push(...bytes);
    request.over ||= bytes.length < 64 || request.answer.length >= request.wanted;
  }

  // Returns what the request brought, or null when the board refused it. A request that is not over is 'open'.
  end() {
    const { request } = this;
    const control = this.chip.usbDPRAMView.getUint32(CONTROL_IN_AT, true);
    const refused = (control & STALL) !== 0 && (this.usb.epStallArm & 1) !== 0;
    this.request = null;
    if (refused) return 'refused';
    if (!request.over) return 'open';
    if (request.toHost) this.usb.endpointReadDone(0, new Uint8Array(0));
    return Buffer.from(request.answer).toString('hex');
  }
}

function append(bytes, byte) {
  return Uint8Array.from([...bytes, byte]);
}
