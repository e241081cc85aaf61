# Starts media that Lionize made in a machine of QEMU's, by Packer:
#
#   packer build -var media=lion.img -var sha256=HEX media.pkr.hcl
#
# The firmware has no driver for HFS+: `loader` is a disk with one that has,
# such as rEFInd's. The digest is the one that `sha256sum lion.img` tells.
packer {
  required_plugins {
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = ">= 1.1.0"
    }
  }
}

variable "media" {
  type = string
}

variable "sha256" {
  type = string
}

variable "loader" {
  type    = string
  default = "loader.img"
}

source "qemu" "media" {
  disk_image        = true
  iso_url           = var.media
  iso_checksum      = "sha256:${var.sha256}"
  format            = "raw"
  skip_resize_disk  = true
  machine_type      = "q35"
  accelerator       = "tcg"
  memory            = 1024
  headless          = true
  efi_boot          = true
  efi_firmware_code = "/usr/share/OVMF/OVMF_CODE.fd"
  efi_firmware_vars = "/usr/share/OVMF/OVMF_VARS.fd"
  communicator      = "none"
  shutdown_timeout  = "10m"
  qemuargs = [
    ["-serial", "file:serial.log"],
    ["-drive", "file=${var.loader},format=raw,if=virtio,snapshot=on"],
  ]
}

build {
  sources = ["source.qemu.media"]
}
