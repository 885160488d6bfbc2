/* From reset to main: the vector table, RAM's first contents, and what a fault leads to. */
#include <stdint.h>

#include "chip.h"
#include "rp2040.h"

extern uint32_t stack_top;
extern const uint32_t data_image[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];

int main(void);
void start(void);
void on_period_alarm(void);
void on_poll_alarm(void);
void on_usb(void);
void on_uart(void);

/* Whatever went wrong, the pulses end now and the chip starts afresh: the safest thing known is how it powers up. */
static void on_fault(void)
{
    chip_reset();
}

void start(void)
{
    const uint32_t *from = data_image;
    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    (void)main();
    chip_reset();
}

typedef void (*handler)(void);

#define EXTERNAL(irq) [16 + (irq)]

__attribute__((section(".vectors"), used)) static const handler vectors[48] = {
    [0] = (handler)(uintptr_t)&stack_top,
    [1] = start,
    [2 ... 15] = on_fault,
    EXTERNAL(IRQ_TIMER_0) = on_period_alarm,
    EXTERNAL(IRQ_TIMER_1) = on_poll_alarm,
    [16 + 2 ... 16 + 4] = on_fault,
    EXTERNAL(IRQ_USB) = on_usb,
    [16 + 6 ... 16 + 19] = on_fault,
    EXTERNAL(IRQ_UART0) = on_uart,
    [16 + 21 ... 47] = on_fault,
};
