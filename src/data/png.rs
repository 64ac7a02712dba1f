//! PNG files: pixels as the network's channels.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

use super::array::{Array, Entries, MOST_BYTES};

/// The pixels of `file`, (channels, rows, columns), for a network that takes `channels`: 1, grey, or 3,
/// red, green and blue. Transparency is left out.
pub(super) fn read(file: &[u8], channels: usize) -> Result<Array, String> {
    if ![1, 3].contains(&channels) {
        return Err(format!(
            "a PNG file has 1 or 3 channels, and the network takes {channels}"
        ));
    }
    let wrong = |error: png::DecodingError| format!("it is no whole PNG file: {error}");
    let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: MOST_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(wrong)?;
    let size = reader
        .output_buffer_size()
        .filter(|size| *size <= largest(file.len()))
        .ok_or_else(|| {
            format!(
                "its header says {}×{} pixels, more than its {} bytes can hold",
                reader.info().height,
                reader.info().width,
                file.len()
            )
        })?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(wrong)?;
    let (rows, columns) = (frame.height as usize, frame.width as usize);
    let samples = frame.color_type.samples();
    let is_grey = matches!(
        frame.color_type,
        ColorType::Grayscale | ColorType::GrayscaleAlpha
    );
    let pixels = pixels[..frame.buffer_size()].chunks_exact(samples);
    let entries: Vec<u8> = match (channels, is_grey) {
        (1, true) => pixels.map(|pixel| pixel[0]).collect(),
        // Luma of ITU-R BT.601, rounded.
        (1, false) => pixels
            .map(|pixel| {
                let [red, green, blue] = [0, 1, 2].map(|channel| u32::from(pixel[channel]));
                ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
            })
            .collect(),
        _ => (0..3)
            .flat_map(|channel| {
                let channel = if is_grey { 0 } else { channel };
                pixels.clone().map(move |pixel| pixel[channel])
            })
            .collect(),
    };
    Ok(Array {
        shape: vec![channels, rows, columns],
        entries: Entries::Bytes(entries),
    })
}

/// The most bytes that a file of so many unpacks to: deflate's ratio is 1032 at most, and a palette of
/// one bit a pixel becomes 8·4 bits.
fn largest(file: usize) -> usize {
    file.saturating_mul(1032 * 32).min(MOST_BYTES)
}
