// SPDX-License-Identifier: Apache-2.0
// The opcodes of Python's pickles that are understood (pickle.h).
#pragma once

#include <cstdint>

namespace check::wire {

// Named as in Python's pickletools; those whose names C++ or we use for something else are longer.
struct PickleOpcode {
  enum Code : std::uint8_t {
    Mark = '(',
    Stop = '.',
    NoneOpcode = 'N',
    BinFloat = 'G',
    BinInt = 'J',
    BinInt1 = 'K',
    BinInt2 = 'M',
    Reduce = 'R',
    BinString = 'T',
    ShortBinString = 'U',
    BinUnicode = 'X',
    Append = 'a',
    Appends = 'e',
    GlobalOpcode = 'c',
    EmptyDictionary = '}',
    EmptyList = ']',
    EmptyTuple = ')',
    BinGet = 'h',
    LongBinGet = 'j',
    BinPut = 'q',
    LongBinPut = 'r',
    SetItem = 's',
    SetItems = 'u',
    TupleOpcode = 't',
    BinBytes = 'B',
    ShortBinBytes = 'C',
    Protocol = 0x80,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8a,
    Long4 = 0x8b,
  };
};

}  // namespace check::wire
