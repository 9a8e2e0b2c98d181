// The affine select behind the dropout family: y = keep(m) ? x * scale + shift : drop_value. An element of the mask is kept when its word is below
// the threshold; dropout-own.wgsl and dropout-layout.wgsl say which word that is. The mask is drawn as it is used; none is stored.
// There are several entry points; dropout.ts picks one.

fn choose(word: u32, x: f32) -> f32 {
  var y = x * p.scale;
  if (p.shift != 0.0) {
    // The detour through bits keeps product and sum apart: fused, they would round once, where every other backend rounds twice.
    y = bitcast<f32>(bitcast<u32>(y) ^ p.zero) + p.shift;
  }
  return select(p.drop_value, y, word < p.threshold);
}
