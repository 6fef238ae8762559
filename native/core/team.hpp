// How the kernels hand work to a team.
#pragma once

#include "parallel.hpp"
#include "simd.hpp"

namespace recurra::RECURRA_VARIANT {

// Calls work(id) in every member of the team.
template <class F> void run(Team &team, F &&work) {
  team.run([](void *context, int id) { (*static_cast<F *>(context))(id); }, const_cast<void *>(static_cast<const void *>(&work)));
}

} // namespace recurra::RECURRA_VARIANT
