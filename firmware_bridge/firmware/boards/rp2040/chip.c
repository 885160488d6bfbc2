#include "chip.h"

#include "pins.h"
#include "rp2040.h"

#define USED                                                                                                \
    (RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_PLL_SYS | RESET_PLL_USB | RESET_PWM | RESET_TIMER | RESET_UART0 | \
     RESET_USBCTRL)

/* The crystal's start-up time, in 256 of its periods: 1 ms (datasheet 2.16.3). */
#define CRYSTAL_STARTUP (CRYSTAL_HZ / 1000u / 256u)

static void wait_for(uint32_t address, uint32_t bits)
{
    /* The watchdog is not on yet: a board whose crystal never starts stays still and gives no pulses. */
    while ((REGISTER(address) & bits) != bits) {
    }
}

/* 12 MHz x multiply / (divide1 x divide2); the product before the division lies in 750 .. 1600 MHz. */
static void start_pll(uint32_t pll, uint32_t multiply, uint32_t divide1, uint32_t divide2)
{
    REGISTER(pll + PLL_CS) = 1;
    REGISTER(pll + PLL_FBDIV) = multiply;
    CLEAR_BITS(pll + PLL_PWR) = PLL_OFF_CORE | PLL_OFF_VCO;
    wait_for(pll + PLL_CS, PLL_LOCK);
    REGISTER(pll + PLL_PRIM) = divide1 << 16 | divide2 << 12;
    CLEAR_BITS(pll + PLL_PWR) = PLL_OFF_DIVIDERS;
}

static void select(uint32_t ctrl, uint32_t selected, uint32_t source)
{
    REGISTER(ctrl) = source;
    wait_for(selected, 1u << source);
}

/* Away from whatever drives it; that is left as it is until nothing runs from it. */
static void select_first(uint32_t ctrl, uint32_t selected)
{
    CLEAR_BITS(ctrl) = CLK_SOURCE;
    wait_for(selected, 1u << 0);
}

void chip_start(void)
{
    /* Onto the ring oscillator first: the PLLs may be in use, as after a start from the boot ROM's USB. */
    select_first(CLK_SYS_CTRL, CLK_SYS_SELECTED);
    select_first(CLK_REF_CTRL, CLK_REF_SELECTED);
    SET_BITS(RESETS_RESET) = USED;
    CLEAR_BITS(RESETS_RESET) = USED & ~(RESET_UART0 | RESET_USBCTRL);
    wait_for(RESETS_DONE, USED & ~(RESET_UART0 | RESET_USBCTRL));
    REGISTER(XOSC_STARTUP) = CRYSTAL_STARTUP;
    REGISTER(XOSC_CTRL) = XOSC_1_TO_15_MHZ | XOSC_ENABLE;
    wait_for(XOSC_STATUS, XOSC_STABLE);
    start_pll(PLL_SYS, 125, 6, 2); /* 1500 MHz / 12 = 125 MHz */
    start_pll(PLL_USB, 100, 5, 5); /* 1200 MHz / 25 = 48 MHz */
    select(CLK_REF_CTRL, CLK_REF_SELECTED, CLK_REF_FROM_CRYSTAL);
    select(CLK_SYS_CTRL, CLK_SYS_SELECTED, CLK_SYS_FROM_AUXILIARY);
    REGISTER(CLK_PERI_CTRL) = CLK_ENABLE; /* from the system clock */
    REGISTER(CLK_USB_CTRL) = CLK_ENABLE;  /* from the USB PLL */
    CLEAR_BITS(RESETS_RESET) = RESET_UART0 | RESET_USBCTRL;
    wait_for(RESETS_DONE, USED);
    REGISTER(WATCHDOG_TICK) = WATCHDOG_TICK_ENABLE | CRYSTAL_HZ / 1000000u;
}

uint32_t chip_time_low_us(void)
{
    return REGISTER(TIMER_RAW_LOW);
}

uint64_t chip_time_us(void)
{
    uint32_t high = REGISTER(TIMER_RAW_HIGH);
    uint32_t low = REGISTER(TIMER_RAW_LOW);
    /* At most once: the low half needs 71 minutes for the next carry. */
    if (REGISTER(TIMER_RAW_HIGH) != high) {
        high = REGISTER(TIMER_RAW_HIGH);
        low = REGISTER(TIMER_RAW_LOW);
    }
    return (uint64_t)high << 32 | low;
}

void chip_alive_for(uint32_t ms)
{
    /* Erratum RP2040-E1: it counts two for each microsecond. */
    REGISTER(WATCHDOG_LOAD) = 2000u * ms;
    REGISTER(PSM_WDSEL) = PSM_EVERYTHING_BUT_OSCILLATORS;
    REGISTER(WATCHDOG_CTRL) = WATCHDOG_ENABLE | WATCHDOG_PAUSES;
}

void chip_reset(void)
{
    (void)interrupts_off();
    for (uint32_t pin = FIRST_SERVO_PIN; pin < FIRST_SERVO_PIN + CHANNELS; pin++) {
        REGISTER(IO_CTRL(pin)) = FUNCTION_NONE;
    }
    REGISTER(PSM_WDSEL) = PSM_EVERYTHING_BUT_OSCILLATORS;
    REGISTER(WATCHDOG_CTRL) = WATCHDOG_TRIGGER;
    for (;;) {
    }
}
