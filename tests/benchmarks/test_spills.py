"""The counts of register spills come from the innermost loops of the tiles and from nowhere else."""

from benchmarks.spills import Tile, tiles_in

SPILLING = """
0000000000000010 <void recurra::avx2::outer_tile<float, 6, 1>(float*, long) [clone .isra.0]>:
  10:\tpush   %rbp
  11:\tvmovaps %ymm1,0x20(%rsp)
  20:\tmov    0x8(%rsp),%rax
  24:\tvmovups (%rbp),%ymm2
  28:\tvfmadd231ps %ymm1,%ymm2,%ymm3
  2c:\tvfmadd231ps 0x40(%rsp),%ymm2,%ymm4
  30:\tmov    0x10(%rsp),%rcx
  34:\tjne    24 <void recurra::avx2::outer_tile<float, 6, 1>(float*, long) [clone .isra.0]+0x14>
  38:\tjmp    20 <void recurra::avx2::outer_tile<float, 6, 1>(float*, long) [clone .isra.0]+0x10>
  3c:\tret

0000000000000040 <void recurra::avx2::other<float>(float*)>:
  40:\tvfmadd231ps 0x40(%rsp),%ymm2,%ymm4
  44:\tjne    40 <void recurra::avx2::other<float>(float*)>
"""
ARM = """
0000000000000000 <void recurra::baseline::columns_tile<double, 2, 1>(double*)>:
   0:\tldr\tq0, [sp, #32]
   4:\tfmla\tv1.2d, v0.2d, v2.2d
   8:\tb.ne\t0 <void recurra::baseline::columns_tile<double, 2, 1>(double*)>  // b.any
   c:\tret
"""


def test_only_the_innermost_loop_of_a_tile_counts():
    (tile,) = tiles_in(SPILLING.splitlines(keepends=True))
    assert tile == Tile("avx2", "outer_tile<float, 6, 1>", multiply_adds=2, vectors=1, pointers=1)
    assert tile.fails


def test_with_a_frame_pointer_what_it_points_to_is_the_stack():
    (tile,) = tiles_in(SPILLING.replace("vmovaps %ymm1,0x20(%rsp)", "mov    %rsp,%rbp").splitlines())
    assert (tile.vectors, tile.pointers) == (2, 1)


def test_arm_is_read_too_and_does_not_fail():
    (tile,) = tiles_in(ARM.splitlines())
    assert tile == Tile("baseline", "columns_tile<double, 2, 1>", multiply_adds=1, vectors=1, pointers=0)
    assert not tile.fails
