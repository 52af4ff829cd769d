/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/cheap_fma.h"

#if defined(__x86_64__) && defined(__linux__)
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* VFMADD231PS: C4, RXB.00010, W0.vvvv.L.01, B8, ModRM (11: registers only). VADDPS differs in the map
 * (00001), the prefix (00) and the opcode (58). Forms with an operand in memory stay: they are few, and
 * valgrind counts their lanes as loads, which a test could not tell from a mistake here. */
enum { LENGTH = 5, MAP = 0x1f, MAP_0F38 = 2, MAP_0F = 1, FIXED = 0x83, W0_66 = 1, PREFIX = 3 };

static long cheapen(unsigned char *p, size_t size)
{
    long count = 0;
    for (size_t i = 0; i + LENGTH <= size; i++) {
        unsigned char *at = p + i;
        if (at[0] != 0xc4 || (at[1] & MAP) != MAP_0F38 || (at[2] & FIXED) != W0_66 || at[3] != 0xb8 ||
            at[4] < 0xc0)
            continue;
        at[1] = (unsigned char)((at[1] & ~MAP) | MAP_0F);
        at[2] = (unsigned char)(at[2] & ~PREFIX);
        at[3] = 0x58;
        count++;
        i += LENGTH - 1;
    }
    return count;
}

/* The program itself, which comes first and has no name, and the kernels where they are a library. */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *data)
{
    long *count = data;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    if (info->dlpi_name[0] && !strstr(info->dlpi_name, "libvgkernels"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        if (h->p_type != PT_LOAD || !(h->p_flags & PF_X))
            continue;
        uintptr_t begin = info->dlpi_addr + h->p_vaddr, aligned = begin / page * page;
        size_t length = h->p_filesz + (begin - aligned);
        /* Still executable meanwhile: this function may lie in it. */
        if (mprotect((void *)aligned, length, PROT_READ | PROT_WRITE | PROT_EXEC))
            continue;
        *count += cheapen((unsigned char *)begin, h->p_filesz);
        (void)mprotect((void *)aligned, length, PROT_READ | PROT_EXEC);
    }
    return 0;
}

long vg_cheapen_fma(void)
{
    long count = 0;
    dl_iterate_phdr(look_at_object, &count);
    return count;
}

#else

long vg_cheapen_fma(void)
{
    return 0;
}

#endif
