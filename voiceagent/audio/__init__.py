"""Pure audio: frames, levels, resampling, WAV. No devices, no files held open."""
