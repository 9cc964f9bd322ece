// SPDX-License-Identifier: BSD-3-Clause
#include "flowzip_plugin.h"

#include <QColorSpace>
#include <QVariant>
#include <exception>

#include "common/picture.h"

namespace flowzip_desktop {
namespace {

QImage::Format FormatOf(const Picture& picture) {
  if (picture.info().bit_depth > 8) {
    return picture.has_alpha() ? QImage::Format_RGBA64 : QImage::Format_RGBX64;
  }
  return picture.has_alpha() ? QImage::Format_RGBA8888 : QImage::Format_RGB888;
}

// EXIF's eight, as Qt's combinations of mirrors and a quarter turn after them.
QImageIOHandler::Transformations TransformationOf(int orientation) {
  switch (orientation) {
    case 2: return QImageIOHandler::TransformationMirror;
    case 3: return QImageIOHandler::TransformationRotate180;
    case 4: return QImageIOHandler::TransformationFlip;
    case 5: return QImageIOHandler::TransformationFlipAndRotate90;
    case 6: return QImageIOHandler::TransformationRotate90;
    case 7: return QImageIOHandler::TransformationMirrorAndRotate90;
    case 8: return QImageIOHandler::TransformationRotate270;
    default: return QImageIOHandler::TransformationNone;
  }
}

// Qt 6 refuses pictures above its allocation limit (256 MB unless set), and says so itself.
bool Allocate(QSize size, QImage::Format format, QImage* image) {
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
  return QImageIOHandler::allocateImage(size, format, image);
#else
  *image = QImage(size, format);
  return !image->isNull();
#endif
}

// The fourth sample of Qt's opaque pictures of 16 bits.
void Spread(QImage* image) {
  for (int y = 0; y < image->height(); ++y) {
    auto* row = reinterpret_cast<quint16*>(image->scanLine(y));
    for (qsizetype x = image->width(); x-- > 0;) {
      row[4 * x + 3] = 0xFFFF;
      for (int c = 2; c >= 0; --c) row[4 * x + c] = row[3 * x + c];
    }
  }
}

bool DecodeTo(Picture& picture, QImage* image) {
  uint8_t* const pixels = image->bits();
  const auto stride = static_cast<size_t>(image->bytesPerLine());
  if (picture.info().bit_depth <= 8) return picture.DecodeTo8(pixels, stride);
  if (!picture.DecodeTo16(reinterpret_cast<uint16_t*>(pixels), stride)) return false;
  if (!picture.has_alpha()) Spread(image);
  return true;
}

}  // namespace

bool Handler::CanRead(QIODevice* device) {
  if (device == nullptr) return false;
  const QByteArray head = device->peek(8);
  return flz_signature(head.constData(), static_cast<size_t>(head.size())) == FLZ_OK;
}

bool Handler::canRead() const {
  if (!CanRead(device())) return false;
  setFormat("flz");
  return true;
}

void Handler::LookAtHeader() const {
  if (looked_ || !CanRead(device())) return;
  looked_ = true;
  try {
    QByteArray head = device()->peek(64);
    for (;;) {
      const size_t needed = BytesForHeader(head.constData(), static_cast<size_t>(head.size()));
      if (needed == 0) break;
      const qsizetype before = head.size();
      head = device()->peek(static_cast<qint64>(needed));
      if (head.size() == before) return;  // no more is there
    }
    Picture picture;
    if (!picture.Open(head.constData(), static_cast<size_t>(head.size()))) return;
    const flz_info& info = picture.info();
    size_ = QSize(static_cast<int>(info.width), static_cast<int>(info.height));
    format_ = FormatOf(picture);
    orientation_ = picture.orientation();
  } catch (const std::exception&) {  // out of memory: nothing is known of it
  }
}

bool Handler::Read(QImage* image) {
  const QByteArray file = device()->readAll();
  Picture picture;
  if (!picture.Open(file.constData(), static_cast<size_t>(file.size()))) {
    qWarning("flowzip: %s", picture.message());
    return false;
  }
  const flz_info& info = picture.info();
  const bool preview = scaled_size_.isValid() && !scaled_size_.isEmpty() &&
                       picture.PreviewServes(static_cast<uint32_t>(scaled_size_.width()),
                                             static_cast<uint32_t>(scaled_size_.height()));
  QImage out;
  if (preview) {
    const QSize size(static_cast<int>(info.preview_width), static_cast<int>(info.preview_height));
    if (!Allocate(size, picture.has_alpha() ? QImage::Format_RGBA8888 : QImage::Format_RGB888,
                  &out)) {
      return false;
    }
  } else if (!Allocate(QSize(static_cast<int>(info.width), static_cast<int>(info.height)),
                       FormatOf(picture), &out)) {
    return false;
  }
  const bool ok =
      preview ? picture.DecodePreviewTo8(out.bits(), static_cast<size_t>(out.bytesPerLine()))
              : DecodeTo(picture, &out);
  if (!ok) {
    qWarning("flowzip: %s", picture.message());
    return false;
  }
  if (scaled_size_.isValid() && scaled_size_ != out.size()) {
    out = out.scaled(scaled_size_, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    if (out.isNull()) return false;
  }
  if (!picture.icc().empty()) {
    out.setColorSpace(
        QColorSpace::fromIccProfile(QByteArray(reinterpret_cast<const char*>(picture.icc().data()),
                                               static_cast<qsizetype>(picture.icc().size()))));
  }
  orientation_ = picture.orientation();
  looked_ = true;
  *image = out;
  return true;
}

bool Handler::read(QImage* image) {
  try {
    if (!canRead()) return false;
    LookAtHeader();  // while the device still has it
    return Read(image);
  } catch (const std::exception& error) {
    qWarning("flowzip: %s", error.what());
    return false;
  }
}

QVariant Handler::option(ImageOption option) const {
  LookAtHeader();
  switch (option) {
    case Size: return size_.isValid() ? QVariant(size_) : QVariant();
    case ScaledSize: return scaled_size_;
    case ImageFormat:
      return format_ != QImage::Format_Invalid ? QVariant(static_cast<int>(format_)) : QVariant();
    case ImageTransformation: return static_cast<int>(TransformationOf(orientation_));
    default: return {};
  }
}

void Handler::setOption(ImageOption option, const QVariant& value) {
  if (option == ScaledSize) scaled_size_ = value.toSize();
}

bool Handler::supportsOption(ImageOption option) const {
  return option == Size || option == ScaledSize || option == ImageFormat ||
         option == ImageTransformation;
}

QImageIOPlugin::Capabilities Plugin::capabilities(QIODevice* device,
                                                  const QByteArray& format) const {
  if (format == "flz") return CanRead;
  if (!format.isEmpty() || device == nullptr || !device->isOpen() || !device->isReadable()) {
    return {};
  }
  return Handler::CanRead(device) ? Capabilities(CanRead) : Capabilities();
}

QImageIOHandler* Plugin::create(QIODevice* device, const QByteArray& format) const {
  auto* const handler = new Handler;
  handler->setDevice(device);
  handler->setFormat(format.isEmpty() ? QByteArray("flz") : format);
  return handler;
}

}  // namespace flowzip_desktop
