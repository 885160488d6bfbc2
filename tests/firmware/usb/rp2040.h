/* In the place of the chip's header: the USB controller's memory and registers are arrays, as long as the firmware may use. */
#ifndef MANDIBLE_RP2040_H
#define MANDIBLE_RP2040_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SET_BITS(address) REGISTER(address)

enum { MEMORY_WORDS = 0x240 / 4 };
enum { ADDRESS, MAIN_CTRL, SIE_CTRL, SIE_STATUS, BUFFER_STATUS, STALL_ARM, MUXING, POWER, INTE, REGISTERS };

extern uint32_t usb_memory[MEMORY_WORDS];
extern uint32_t usb_registers[REGISTERS + 1];

#define USB_MEMORY ((uintptr_t)usb_memory)
#define USB_ADDRESS (&usb_registers[ADDRESS])
#define USB_MAIN_CTRL (&usb_registers[MAIN_CTRL])
#define USB_SIE_CTRL (&usb_registers[SIE_CTRL])
#define USB_SIE_STATUS (&usb_registers[SIE_STATUS])
#define USB_BUFFER_STATUS (&usb_registers[BUFFER_STATUS])
#define USB_STALL_ARM (&usb_registers[STALL_ARM])
#define USB_MUXING (&usb_registers[MUXING])
#define USB_POWER (&usb_registers[POWER])
#define USB_INTE (&usb_registers[INTE])
#define NVIC_ENABLE (&usb_registers[REGISTERS])
#define IRQ_USB 5u

static inline uint32_t interrupts_off(void)
{
    return 0;
}

static inline void interrupts_restore(uint32_t before)
{
    (void)before;
}

#endif
