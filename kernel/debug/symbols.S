/*
 * The table of symbols, as tools/mksymbols has written it, in the section where debug/symbols.c looks for it.
 */
    .section symbols, "aR", @progbits
    .incbin SYMBOLS_FILE
