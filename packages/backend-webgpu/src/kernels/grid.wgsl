// One thread for each piece of work. A dispatch has at most 65,535 groups a side, so larger ones are laid out in two dimensions;
// threads beyond the work return at once.

const GROUP_SIZE = 128u; // a fast GPU spends as long on starting groups of 64 as on copying through them

struct Grid {
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
}

fn group_index(g: Grid) -> u32 {
  return g.group.y * g.groups.x + g.group.x;
}

fn thread_index(g: Grid) -> u32 {
  return group_index(g) * GROUP_SIZE + g.lane;
}
