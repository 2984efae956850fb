// SPDX-License-Identifier: Apache-2.0
#include "check/wire/decoder.h"

#include "check/wire/protocols.h"

namespace check::wire {

std::unique_ptr<Decoder> make_decoder(Protocol protocol, const ConnectionStart& start) {
  switch (protocol) {
    case Protocol::Raftkv:
      return make_raftkv_decoder(start);
    case Protocol::Etcd:
      return make_etcd_decoder(start);
    case Protocol::Hashicorp:
      return make_hashicorp_decoder(start);
    case Protocol::Libraft:
      return make_libraft_decoder(start);
    case Protocol::Ovsdb:
      return make_ovsdb_decoder(start);
    case Protocol::Nats:
      return make_nats_decoder(start);
    case Protocol::Pysyncobj:
      return make_pysyncobj_decoder(start);
  }
  return nullptr;
}

}  // namespace check::wire
