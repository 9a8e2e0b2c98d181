// Sums in one fixed order. Shards 0, 1, 2 ... are the leaves of a binary tree: node (level, index) is the sum of (level - 1, 2 index) and of its right
// neighbour, in that order, or the left one alone where there is no right one. So the result depends on the shards and not on who holds which.
#pragma once

#include <cstddef>
#include <vector>

namespace dropwise::distributed {

struct Node {
  int level;
  int index;
};

/// The sum of all nodes, which are given in the order of their leaves and together are the whole tree; it comes to lie in the first one's memory, and that
/// of the others is overwritten. `data` has `count` elements for each.
template <class T>
void sumNodes(std::vector<Node> nodes, std::vector<T*> data, size_t count) {
  size_t depth = 0;
  const auto join = [&] {
    T* const left = data[depth - 2];
    const T* const right = data[depth - 1];
    for (size_t i = 0; i < count; i++) left[i] += right[i];
    depth--;
    nodes[depth - 1].level++;
    nodes[depth - 1].index /= 2;
  };
  const auto areSiblings = [&] {
    const Node left = nodes[depth - 2], right = nodes[depth - 1];
    return left.level == right.level && left.index + 1 == right.index && left.index % 2 == 0;
  };
  const size_t all = nodes.size();
  for (size_t i = 0; i < all; i++) {
    nodes[depth] = nodes[i];
    data[depth] = data[i];
    depth++;
    while (depth > 1 && areSiblings()) join();
  }
  // What is left has no right neighbours: it rises until it is one itself.
  while (depth > 1) {
    if (areSiblings()) {
      join();
    } else {
      nodes[depth - 1].level++;
      nodes[depth - 1].index /= 2;
    }
  }
}

}  // namespace dropwise::distributed
