"""Register spills in the inner loops of the compiled tiles: `make spills`.

A tile keeps its sums in registers. Where the compiler runs out of them it spills: a vector goes to the stack
and back in every round of the loop. This disassembles the kernels' library, finds each tile's innermost loops
and counts in them the multiply-adds and the instructions that touch the stack. The exit code is 1 if a
float32 tile of a wide variant spills a vector.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

TILES = re.compile(r"recurra::(?P<variant>\w+)::(?P<tile>(?:block|columns|outer)_tile)<")
INSTRUCTION = re.compile(r"^\s*(?P<address>[0-9a-f]+):\t(?P<name>\S+)\s*(?P<operands>.*)$")
# What x86-64 and 64-bit Arm call the same things; the baseline of x86-64 multiplies and adds apart.
MULTIPLY_ADD = re.compile(r"v?fn?m(add|sub)\d+p[sd]|mulp[sd]|fmla")
JUMP = re.compile(r"j\w+|b(\.\w+)?|[ct]bn?z")
VECTOR = re.compile(r"%[xyz]mm\d|\b[qdv]\d")
WIDE = ("avx2", "avx512")


@dataclass(frozen=True)
class Instruction:
    address: int
    name: str
    operands: str

    @property
    def multiply_add(self) -> bool:
        return MULTIPLY_ADD.fullmatch(self.name) is not None


@dataclass(frozen=True)
class Tile:
    """What one tile's innermost loops hold; of several compiled copies, the worst."""

    variant: str
    name: str
    multiply_adds: int
    vectors: int  # instructions that move a vector to or from the stack
    pointers: int  # the same for addresses and counters: cheap beside the arithmetic

    @property
    def fails(self) -> bool:
        return self.vectors > 0 and self.variant in WIDE and "<float" in self.name


def main() -> int:
    parser = argparse.ArgumentParser(description="Count register spills in the compiled tiles' inner loops.")
    parser.add_argument("library", type=Path)
    parser.add_argument("--objdump", default="objdump", help="the disassembler for the library's processor")
    options = parser.parse_args()
    command = [options.objdump, "-d", "--no-show-raw-insn", "-C", options.library]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        tiles = worst_of_copies(tiles_in(process.stdout))
    if process.returncode:
        return process.returncode
    if not tiles or not all(tile.multiply_adds for tile in tiles):
        print("No tile, or one without a loop of multiply-adds: have the kernels changed?", file=sys.stderr)
        return 1
    print(f"{'variant':9} {'multiply-adds':>13} {'vectors':>7} {'pointers':>8}  tile")
    for tile in tiles:
        counts = f"{tile.multiply_adds:13} {tile.vectors:7} {tile.pointers:8}"
        print(f"{tile.variant:9} {counts}  {tile.name}{'  <- spills' if tile.fails else ''}")
    spilling, failed = (sum(map(bool, column)) for column in zip(*((t.vectors, t.fails) for t in tiles)))
    print(f"{spilling} of {len(tiles)} tiles spill vectors, {failed} of them float32 of {' or '.join(WIDE)}")
    return int(failed > 0)


def tiles_in(disassembly: Iterable[str]) -> Iterator[Tile]:
    header: re.Match[str] | None = None
    body: list[Instruction] = []
    for line in chain(disassembly, [""]):
        if header and (found := INSTRUCTION.match(line)):
            body.append(Instruction(int(found["address"], 16), found["name"], found["operands"]))
        elif header and body and not line.strip():
            yield measure(header, body)
            header = None
        elif line.rstrip().endswith(">:"):
            header, body = TILES.search(line), []


def measure(header: re.Match[str], body: list[Instruction]) -> Tile:
    # Where the function keeps no frame pointer, %rbp is a register like any other.
    framed = any(i.name == "mov" and i.operands == "%rsp,%rbp" for i in body[:16])
    on_stack = re.compile(r"\(%(rsp|rbp)\b|\[(sp|x29)\b" if framed else r"\(%rsp\b|\[(sp|x29)\b")
    loops = [loop for loop in innermost_loops(body) if any(i.multiply_add for i in loop)]
    touching = [i for loop in loops for i in loop if on_stack.search(i.operands)]
    vectors = sum(bool(VECTOR.search(i.operands)) for i in touching)
    return Tile(
        variant=header["variant"],
        name=short_name(header.string[header.start("tile") :]),
        multiply_adds=max((sum(i.multiply_add for i in loop) for loop in loops), default=0),
        vectors=vectors,
        pointers=len(touching) - vectors,
    )


def innermost_loops(body: list[Instruction]) -> list[list[Instruction]]:
    """What lies between a jump backwards and its target, where no other such stretch lies inside."""
    spans: set[tuple[int, int]] = set()
    for i in body:
        target = re.search(r"\b([0-9a-f]+) <", i.operands) if JUMP.fullmatch(i.name) else None
        if target and body[0].address <= int(target[1], 16) <= i.address:
            spans.add((int(target[1], 16), i.address))
    inner = [a for a in spans if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in spans)]
    return [[i for i in body if first <= i.address <= last] for first, last in sorted(inner)]


def short_name(signature: str) -> str:
    """The name and its template arguments, without namespaces, parameters and the compiler's suffixes."""
    depth = 0
    for end, character in enumerate(signature):
        depth += {"<": 1, ">": -1}.get(character, 0)
        if character == ">" and depth == 0:
            return re.sub(r"recurra::\w+::", "", signature[: end + 1])
    return signature


def worst_of_copies(tiles: Iterable[Tile]) -> list[Tile]:
    worst: dict[tuple[str, str], Tile] = {}
    for tile in tiles:
        key = tile.variant, tile.name
        if key not in worst or (tile.vectors, tile.pointers) > (worst[key].vectors, worst[key].pointers):
            worst[key] = tile
    return sorted(worst.values(), key=lambda tile: (tile.variant, tile.name))


if __name__ == "__main__":
    sys.exit(main())
